import uuid

import pytest

from agencies import arrivals
from agencies.models import Agency
from billing import wallets
from follow_ups.models import FollowUp
from organizations.models import Organization
from people.models import User
from portal.jobs.registry import KINDS
from tests.support import hms_says
from tests.support.hms_says import Hms
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db


def test_every_kind_that_is_scheduled_has_a_job() -> None:
    assert {"organization", "sync_calls", "minutes"} <= set(KINDS)


def test_an_arrival_ends_with_a_ready_organization_and_its_assistant(connected_acme: Agency, says: Hms) -> None:
    client = arrivals.arrive(user=User.objects.create_user("ben@client.test"), name="Ben")
    asked = FollowUp.objects.get(kind="organization")
    assert KINDS["organization"](asked.subject) is None
    organization = Organization.objects.get(client=client)
    assert organization.state == "ready"
    assert organization.equipped_at is not None
    assert len(says.of(organization).assistants) == 1
    assert KINDS["organization"](asked.subject) is None


def test_a_call_lowers_the_balance_and_has_the_minutes_looked_at(connected_acme: Agency, says: Hms) -> None:
    ben = hms_says.ready(says, credit=600)
    says.of(ben).ends(100)
    assert KINDS["sync_calls"](str(ben.pk)) is not None
    assert wallets.get(ben.client_id).balance == 500
    next(iter(says.orgs.values())).minutes = 10
    assert FollowUp.objects.filter(kind="minutes").exists()
    assert KINDS["minutes"]("") is not None
    assert HMSConnection.objects.get().seconds_left == 600


def test_a_quiet_look_asks_for_no_minutes(connected_acme: Agency, says: Hms) -> None:
    ben = hms_says.ready(says)
    KINDS["sync_calls"](str(ben.pk))
    assert not FollowUp.objects.filter(kind="minutes").exists()


def test_a_look_at_an_organization_without_a_key_is_not_repeated(connected_acme: Agency, says: Hms) -> None:
    ben = hms_says.ready(says)
    Organization.objects.update(state="unclear", api_key_sealed=None)
    assert KINDS["sync_calls"](str(ben.pk)) is None


def test_what_nobody_has_is_an_error(connected_acme: Agency) -> None:
    with pytest.raises(Organization.DoesNotExist):
        KINDS["sync_calls"](str(uuid.uuid4()))
