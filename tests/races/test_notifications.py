"""Two at once: who find the same thing, who look at the same balances, who send the same mail."""

from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from agencies import low_balances, notifying
from agencies.models import Agency, Membership
from agencies.notifying import Mail
from notifications import notes
from notifications.models import Kind, Notification
from tenancy import door
from tests.support import booking
from tests.support.booking import side_by_side

pytestmark = pytest.mark.usefixtures("own_agency")


def test_a_subject_that_eight_find_at_once_is_told_once_a_day(own_agency: Agency) -> None:
    start = Barrier(8)

    def find(number: int) -> None:
        start.wait()
        with transaction.atomic():
            notes.note(Kind.DISPUTE, subject="the same", facts={"by": number})
        with transaction.atomic():
            notes.note(Kind.NEW_CLIENT, clients=[uuid4()])

    side_by_side(own_agency, find, range(8), threads=8)
    rows = Notification.objects.filter(agency=own_agency)
    assert rows.get(kind=Kind.DISPUTE).count == 1
    assert rows.get(kind=Kind.NEW_CLIENT).count == 8, "none of a gathered day is lost"


def test_two_looks_at_once_tell_of_a_client_once(own_agency: Agency) -> None:
    with door.enter(own_agency):
        made = booking.clients(20)
        for client in made:
            booking.book(client.pk, f"has {client.pk}", 6000)
        low_balances.look(timezone.now())
        for client in made:
            booking.book(client.pk, f"used {client.pk}", -5900)
    start = Barrier(4)

    def look(_number: int) -> int:
        start.wait()
        return len(low_balances.look(timezone.now()))

    assert sum(side_by_side(own_agency, look, range(4), threads=4)) == 20
    assert Notification.objects.get(agency=own_agency, kind=Kind.LOW_BALANCE).count == 20


def test_workers_with_one_mail_send_it_once(own_agency: Agency) -> None:
    owner = Membership.objects.get(agency=own_agency)
    start = Barrier(4)

    def send(_number: int) -> int:
        with door.leave():
            connection.ensure_connection()
            start.wait()
            begun = notifying.begin(
                agency_id=own_agency.pk, membership_id=owner.pk, kind=Kind.WEBHOOK, now=timezone.now()
            )
        return len(begun.items) if isinstance(begun, Mail) else 0

    for number in range(5):
        with transaction.atomic():
            notes.note(Kind.WEBHOOK, subject=f"s{number}", agency_id=own_agency.pk)
        notifying.share(Notification.objects.get(agency=own_agency, subject=f"s{number}").pk, timezone.now())
        assert sorted(side_by_side(own_agency, send, range(4), threads=4)) == [0, 0, 0, 1]


def test_it_is_noted_in_a_transaction_or_not_at_all(own_agency: Agency) -> None:
    assert not connection.in_atomic_block
    with pytest.raises(notes.OutsideTransaction):
        notes.note(Kind.WEBHOOK, subject="stripe", agency_id=own_agency.pk)
