"""A client whose calls do not start reads why, in plain words, and what to do; and what came back of a payment."""

from typing import Any
from uuid import uuid4

import pytest

from billing import disputes, returns
from billing.models import LedgerEntry, Purchase, Refund
from branding.models import Branding
from tenancy import door
from tests.support.booking import ADA
from tests.support.portal import Person, Portal
from tests.support.returned import disputed

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=600)


@pytest.mark.parametrize("path", ["/", "/calls/start/"])
def test_a_disputed_payment_is_named_and_whom_to_ask(portal: Portal, ben: Person, path: str) -> None:
    Branding.objects.filter(agency=portal.agency).update(support_email="help@acme.test")
    with door.enter(portal.agency):
        dispute = disputed(ben.client)
    page = ben.sees(path)
    assert "Your bank disputes a payment" in page
    assert "Please talk to Acme Voice." in page
    assert b"mailto:help@acme.test" in ben.get(path).content
    with door.enter(portal.agency):
        disputes.lift(dispute_id=dispute.pk, actor=ADA)
    assert "disputes a payment" not in ben.sees(path)


def test_a_payment_that_was_taken_back_for_good_is_called_that(portal: Portal, ben: Person) -> None:
    with door.enter(portal.agency):
        disputed(ben.client, "lost", withdrawn_minor=4000)
    assert "Your bank has taken a payment back Calls do not start" in ben.sees("/")


@pytest.mark.parametrize(
    ("kind", "source", "words"),
    [
        (Kind.USAGE, "hms", "A call went over what was left."),
        (Kind.REFUND, "stripe", "A payment was given back after its credits had been used."),
        (Kind.DISPUTE, "stripe", "A bank took a payment back after its credits had been used."),
        (Kind.ALLOCATION, "agency", "More was taken off the balance than was left."),
    ],
)
@pytest.mark.parametrize("path", ["/", "/calls/start/"])
def test_a_balance_below_zero_says_what_took_it_there_and_what_to_buy(
    portal: Portal, ben: Person, path: str, kind: Kind, source: str, words: str
) -> None:
    portal.post(ben, -672, kind, source)
    page = ben.sees(path)
    assert "Your balance is below zero" in page
    assert words in page
    assert "buy more than 1.20 credits" in page
    assert "Buy credits" in page


def test_too_little_is_told_without_alarm(portal: Portal) -> None:
    zoe = portal.person("zoe", credit=20)
    assert "Too little for another call. Buy credits to go on." in zoe.sees("/")
    assert "You have 0.33 credits free." in zoe.sees("/calls/start/")


@pytest.mark.parametrize("path", ["/calls/start/"])
def test_a_form_that_was_open_before_the_dispute_places_no_call(portal: Portal, ben: Person, path: str) -> None:
    with door.enter(portal.agency):
        disputed(ben.client)
    answer = ben.post(path, {"destination": "+31201234567", "form_token": str(uuid4())})
    assert b"Your bank disputes a payment" in answer.content
    assert not any("outbound" in asked for asked in portal.says.requests)


def refunded(portal: Portal, purchase: Purchase, **fields: Any) -> None:
    values = {"stripe_refund_id": f"re_{uuid4().hex}", "amount_minor": 1000, "currency": "eur", "state": "succeeded"}
    with door.enter(portal.agency):
        Refund.objects.create(purchase=purchase, **values | fields)
        purchase.refresh_from_db()
        returns.book(purchase)
        purchase.save()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Part of it was given back Today"),
        ({"state": "pending"}, "Part of it is on its way back to you Today"),
        ({"amount_minor": 4000}, "It was given back Today"),
    ],
)
def test_what_was_given_back_stands_on_the_purchase_with_its_credits(
    portal: Portal, ben: Person, fields: dict[str, Any], words: str
) -> None:
    purchase = portal.purchase(ben)
    refunded(portal, purchase, reason="Between us", **fields)
    page = ben.sees(f"/purchases/{purchase.pk}/")
    assert words in page
    assert ("100.00 credits taken back" if "amount_minor" in fields else "25.00 credits taken back") in page
    assert ("€ 40.00" if "amount_minor" in fields else "€ 10.00") in page
    assert "Between us" not in page


@pytest.mark.parametrize("state", ["asked", "failed", "canceled", "refused"])
def test_a_refund_that_did_not_happen_is_not_promised(portal: Portal, ben: Person, state: str) -> None:
    purchase = portal.purchase(ben)
    refunded(portal, purchase, state=state, stripe_refund_id=None)
    assert "Refunds and disputes" not in ben.sees(f"/purchases/{purchase.pk}/")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("needs_response", "Your bank disputes it"),
        ("lost", "Your bank has taken it back"),
        ("won", "Your bank's dispute is settled"),
        ("warning_needs_response", ""),
    ],
)
def test_a_dispute_stands_on_the_purchase_in_plain_words(portal: Portal, ben: Person, status: str, words: str) -> None:
    with door.enter(portal.agency):
        purchase_id = disputed(ben.client, status).purchase_id
    page = ben.sees(f"/purchases/{purchase_id}/")
    assert (words in page) if words else ("Refunds and disputes" not in page)
