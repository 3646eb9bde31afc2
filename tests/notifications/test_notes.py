from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from agencies.models import Agency, Membership
from follow_ups.models import FollowUp
from notifications import notes
from notifications.models import Copy, Kind, Notification

pytestmark = pytest.mark.django_db


def note(acme: Agency, kind: Kind = Kind.DISPUTE, **what: object) -> None:
    notes.note(kind, agency_id=acme.pk, **what)  # type: ignore[arg-type]


def test_a_subject_is_told_of_once_a_day(acme: Agency) -> None:
    for subject in ("one", "one", "two"):
        note(acme, subject=subject, facts={"first": subject})
    assert sorted(Notification.objects.values_list("subject", "count")) == [("one", 1), ("two", 1)]
    Notification.objects.update(day=timezone.localdate() - timedelta(days=1))
    note(acme, subject="one")
    assert Notification.objects.filter(subject="one").count() == 2


def test_what_is_told_already_asks_for_no_mail(acme: Agency) -> None:
    note(acme, subject="one")
    FollowUp.objects.all().delete()
    note(acme, subject="one")
    assert not FollowUp.objects.exists()


def test_without_a_subject_the_day_counts(acme: Agency) -> None:
    clients = [uuid4() for _number in range(500)]
    note(acme, Kind.LOW_BALANCE, clients=clients[:3])
    FollowUp.objects.all().delete()
    note(acme, Kind.LOW_BALANCE, clients=clients[3:])
    row = Notification.objects.get()
    assert row.count == 500
    assert row.client_ids == [str(client_id) for client_id in clients[:13]], "the first are kept, the rest is counted"
    assert FollowUp.objects.get().subject == str(row.pk), "more of it is more to mail"


def test_another_agency_and_another_kind_are_another_thing(acme: Agency, globex: Agency) -> None:
    note(acme, subject="one")
    note(acme, Kind.REFUND, subject="one")
    note(globex, subject="one")
    assert Notification.objects.count() == 3


def test_it_is_undone_with_what_it_tells(acme: Agency) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note(acme, subject="one")
        raise ZeroDivisionError
    assert not Notification.objects.exists()
    assert not FollowUp.objects.exists()


def test_it_is_kept_for_ninety_days(acme: Agency) -> None:
    note(acme, subject="old")
    note(acme, subject="young")
    Copy.objects.create(notification=Notification.objects.get(subject="old"), membership=Membership.objects.first())
    now = timezone.now()
    Notification.objects.filter(subject="old").update(last_at=now - timedelta(days=90, seconds=1))
    Notification.objects.filter(subject="young").update(last_at=now - timedelta(days=89))
    assert notes.forget(now) == 1
    assert Notification.objects.get().subject == "young"
    assert not Copy.objects.exists()
