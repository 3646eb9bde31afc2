"""Closing an agency: off at once, nothing lost for thirty days, and taken back by one press."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Visitor
from django.utils import timezone

from agencies import activation
from agencies.models import Agency
from billing.models import Purchase
from follow_ups.models import FollowUp
from leaving import closing, erasing
from leaving.models import Erasure
from portal.jobs import KINDS
from tenancy import door
from tests.support.cast import Cast
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db


def closed(agency: Agency) -> Agency:
    return closing.close(agency_id=agency.pk, typed=agency.slug, now=timezone.now())


def test_only_the_typed_slug_closes(acme: Agency) -> None:
    with pytest.raises(closing.NotTheSlug):
        closing.close(agency_id=acme.pk, typed="globex", now=timezone.now())
    acme.refresh_from_db()
    assert acme.closes_at is None
    assert closing.close(agency_id=acme.pk, typed=" Acme ", now=timezone.now()).closes_at


def test_clients_see_a_calm_page_and_read_their_statement(acme: Agency, cast: Cast) -> None:
    closed(acme)
    ben = cast.on_portal_of_acme("ben")
    calm = ben.get("/buy/")
    assert calm.status_code == 503
    assert "is closing this portal" in text_of(calm)
    statement = ben.get("/statement/")
    assert statement.status_code == 200
    assert "can be read and saved until" in text_of(statement)
    assert Visitor(HTTP_HOST="acme.portal.localhost").get("/").status_code in (200, 503)


def test_the_portal_stays_off_until_it_is_taken_back(acme: Agency, cast: Cast) -> None:
    closed(acme)
    with pytest.raises(activation.AgencyCloses):
        activation.switch_on(acme)
    with pytest.raises(IntegrityError), transaction.atomic():
        Agency.objects.filter(pk=acme.pk).update(portal_is_on=True)
    assert closing.take_back(agency_id=acme.pk).closes_at is None
    acme.refresh_from_db()
    assert (acme.closes_at, acme.portal_is_on, acme.is_ready) == (None, False, True)


def test_closing_twice_moves_the_day_no_further(acme: Agency) -> None:
    first = closed(acme)
    again = closing.close(agency_id=acme.pk, typed="acme", now=timezone.now() + timedelta(days=3))
    assert again.closes_at == first.closes_at


def test_before_the_day_nothing_is_erased_and_after_taking_back_never(acme: Agency) -> None:
    closes_at = closed(acme).closes_at
    assert closes_at
    with door.enter(acme):
        assert KINDS[closing.KIND](str(acme.pk)) == closes_at
        closing.take_back(agency_id=acme.pk)
        assert erasing.go_on(agency_id=acme.pk, now=closes_at + timedelta(days=1)) is None
    assert not Erasure.objects.exists()
    with pytest.raises(closing.TooLate):
        closing.take_back(agency_id=acme.pk)


def test_the_end_waits_for_money_on_its_way_but_not_for_ever(acme: Agency, cast: Cast) -> None:
    closes_at = closed(acme).closes_at
    assert closes_at
    with door.enter(acme):
        Purchase.objects.update(awaiting_bank=True)
        again_at = erasing.go_on(agency_id=acme.pk, now=closes_at)
        assert again_at
        assert again_at > closes_at
        acme.refresh_from_db()
        assert acme.is_ready
        late = closes_at + closing.LONGEST_WAIT
        assert erasing.go_on(agency_id=acme.pk, now=late) == late
    acme.refresh_from_db()
    assert not acme.is_ready


def test_every_owner_is_told(acme: Agency, mailoutbox: list[object]) -> None:
    closed(acme)
    closing.take_back(agency_id=acme.pk)
    for follow_up in list(FollowUp.objects.filter(agency=acme, kind=closing.MAIL_KIND)):
        with door.enter(acme):
            KINDS[closing.MAIL_KIND](follow_up.subject)
    told = FollowUp.objects.filter(agency=acme, kind="closing_mail_to")
    assert told.count() == 2
    for follow_up in told:
        with door.enter(acme):
            KINDS["closing_mail_to"](follow_up.subject)
    # What was taken back meanwhile is not told any more.
    assert [mail.subject for mail in mailoutbox] == ["Acme Voice stays"]  # type: ignore[attr-defined]
