"""Documents are read by the workers, one of a client at a time."""

import pytest

from agencies import due_work
from agencies.models import Agency
from follow_ups.models import FollowUp
from organizations import documents
from organizations.models import Document, Organization
from portal.jobs import registry
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    organization = hms_says.ready(says)
    for name in ("a.txt", "b.txt"):
        documents.add(organization_id=organization.pk, name=name, content=b"x", language="english", added_by="")
    return organization


def test_the_job_comes_back_at_once_until_all_are_read(ben: Organization) -> None:
    job = registry.KINDS[documents.KIND]
    assert job(str(ben.pk)) is not None
    assert job(str(ben.pk)) is None
    assert set(documents.of(ben.pk).values_list("state", flat=True)) == {Document.State.READY}


def test_what_waits_is_asked_for_anew(connected_acme: Agency, ben: Organization) -> None:
    FollowUp.objects.all().delete()
    due_work.rebuild(connected_acme)
    assert FollowUp.objects.filter(kind=documents.KIND, subject=str(ben.pk)).count() == 1
    documents.read_next(ben.pk)
    documents.read_next(ben.pk)
    FollowUp.objects.all().delete()
    due_work.rebuild(connected_acme)
    assert not FollowUp.objects.filter(kind=documents.KIND).exists()
