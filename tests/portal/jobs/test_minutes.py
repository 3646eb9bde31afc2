"""Mails about the agency's minutes: one for each owner and crossing, and none about what is over."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from agencies import minutes, notifying, watch
from agencies.models import Agency, Membership, MinutesWatch
from follow_ups.models import FollowUp
from notifications import notes
from notifications.models import Notification
from people.models import User
from portal.jobs import registry
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms, Org
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db
says = hms_says.says


@pytest.fixture
def parent(acme: Agency, says: Hms) -> Org:
    return hms_says.connect(says, acme)


def left(acme: Agency, parent: Org, minutes_left: float) -> list[str]:
    """HMS says so much is left; whom a mail of it reached."""
    mail.outbox.clear()
    parent.minutes = minutes_left
    with door.enter(acme):
        minutes.refresh(acme.pk)
    work(acme)
    return sorted(address for message in mail.outbox for address in message.to)


def work(acme: Agency) -> None:
    for kind in (notes.KIND, notifying.MAIL_KIND):
        for row in FollowUp.objects.filter(agency=acme, kind=kind):
            with door.enter(acme):
                registry.KINDS[kind](row.subject)
            row.delete()


def test_owners_are_mailed_once_for_each_crossing_and_nobody_else(acme: Agency, parent: Org) -> None:
    for name, role in (("eve", "owner"), ("max", "manager"), ("vic", "viewer")):
        Membership.objects.create(agency=acme, user=User.objects.create_user(f"{name}@acme.test"), role=role)
    told = [left(acme, parent, number) for number in (500, 99, 98, 120, 90)]
    owners = ["ada@acme.test", "eve@acme.test"]
    assert told == [[], owners, [], [], []], "twice on a day"
    Notification.objects.update(day=timezone.localdate() - timedelta(days=1))
    assert [left(acme, parent, number) for number in (120, 90)] == [[], owners]


def test_the_mail_says_how_it_stands_and_where_to_look(acme: Agency, parent: Org) -> None:
    left(acme, parent, 1)
    message = mail.outbox[0]
    assert message.subject == "Acme Voice: 1 minute left at HMS"
    html, _kind = message.alternatives[0]
    for text in (message.body, html):
        assert "/agencies/acme/hms/" in text
        assert "When they are used up, no call comes through." in text


def test_the_floors_mail_says_what_is_missing_and_that_selling_stopped(acme: Agency, parent: Org, says: Hms) -> None:
    watch.choose(agency_id=acme.pk, low_minutes=0, low_days=0, floor_percent=80, stops_selling=True)
    with door.enter(acme):
        hms_says.ready(says, credit=60_000)
    assert left(acme, parent, 505) == ["ada@acme.test"]
    message = mail.outbox[0]
    assert message.subject == "Acme Voice: Your minutes cover 50.5 % of what your clients hold"
    assert "hold 1,000.00 credits, and you have 505 minutes" in message.body
    assert "you need 495 minutes more. Nothing more is sold until then" in message.body


def test_what_is_over_before_the_mail_leaves_is_not_told(acme: Agency, parent: Org) -> None:
    parent.minutes = 1
    with door.enter(acme):
        minutes.refresh(acme.pk)
    assert FollowUp.objects.filter(kind=notes.KIND).exists()
    MinutesWatch.objects.update(low_since=None)
    work(acme)
    assert mail.outbox == []
    assert HMSConnection.objects.get().seconds_left == 60
