"""Needs attention: what waits, its facts, the one thing to do, and the sentence that closes it."""

from typing import Any
from uuid import uuid4

import pytest

from agencies import discrepancies
from agencies.models import Agency, Discrepancy
from billing.models import Conflict
from clients.models import Client
from follow_ups.models import FollowUp
from tenancy import door
from tests.support.booking import book

pytestmark = pytest.mark.django_db
Kind = Discrepancy.Kind
FACTS: dict[str, Any] = {
    "session": "cs_test_1",
    "payment_intent": "pi_123",
    "amount_minor": 4000,
    "currency": "eur",
    "livemode": False,
    "buyer": "zoe@shop.test",
    "created": "2026-11-20T10:00:00+00:00",
}


def stray(acme: Agency, **changes: Any) -> Discrepancy:
    values: dict[str, Any] = {"kind": Kind.STRAY_PAYMENT, "subject": "cs_test_1", "words": "Paid for nothing."}
    with door.enter(acme):
        return discrepancies.note(**values | {"facts": FACTS} | changes)


def conflict(acme: Agency) -> Conflict:
    with door.enter(acme):
        client = Client.objects.create(name="Ben", email="ben@client.test")
        book(client.pk, "k", 60)
        book(client.pk, "k", 120)
        return Conflict.objects.get()


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_empty_page_says_that_everything_adds_up(ada: Any) -> None:
    assert "Everything adds up" in text(ada.get("attention/"))


def test_a_payment_is_shown_with_its_facts_and_the_page_at_stripe(ada: Any, acme: Agency) -> None:
    stray(acme)
    page = text(ada.get("attention/"))
    for shown in ("Paid for nothing.", "€ 40.00", "zoe@shop.test", "Payment without a purchase", "Open in Stripe"):
        assert shown in page
    assert 'href="https://dashboard.stripe.com/test/payments/pi_123"' in page


def test_how_much_and_whose_it_is_stands_below_the_title(ada: Any, acme: Agency) -> None:
    stray(acme)
    assert "€ 40.00 · zoe@shop.test · Payment without a purchase · " in text(ada.get("attention/"))


def test_a_subscription_leads_to_those_of_the_account(ada: Any, acme: Agency) -> None:
    stray(acme, facts=FACTS | {"payment_intent": "", "mode": "subscription"})
    assert 'href="https://dashboard.stripe.com/test/subscriptions"' in text(ada.get("attention/"))


def test_real_money_leads_to_the_real_page(ada: Any, acme: Agency) -> None:
    stray(acme, facts=FACTS | {"livemode": True})
    assert 'href="https://dashboard.stripe.com/payments/pi_123"' in text(ada.get("attention/"))


def test_a_known_client_is_named_and_gets_the_money_back(ada: Any, acme: Agency) -> None:
    with door.enter(acme):
        client = Client.objects.create(name="Ben's Bakery", email="ben@client.test")
    stray(acme, client_id=client.pk)
    page = text(ada.get("attention/"))
    assert "Refund it in Stripe" in page
    assert "Ben&#x27;s Bakery" in page


def test_what_cost_nothing_is_allocated_by_hand(ada: Any, acme: Agency) -> None:
    with door.enter(acme):
        client = Client.objects.create(name="Ben", email="ben@client.test")
    stray(acme, client_id=client.pk, facts=FACTS | {"payment_intent": ""})
    assert f'href="/agencies/acme/clients/{client.pk}/#allocate"' in text(ada.get("attention/"))


def test_a_sentence_closes_it_and_is_kept_with_who_said_it(ada: Any, acme: Agency) -> None:
    row = stray(acme)
    answer = ada.post(f"attention/{row.pk}/resolve/", resolution="  Refunded   on Monday. ")
    assert answer.status_code == 302
    page = text(ada.get("attention/"))
    assert "Everything adds up" in page
    assert "“Refunded on Monday.” · ada@acme.test" in page
    row.refresh_from_db()
    assert (row.resolution, row.resolved_by["email"]) == ("Refunded on Monday.", "ada@acme.test")


def test_without_a_sentence_it_stays_and_says_what_is_missing(ada: Any, acme: Agency) -> None:
    row = stray(acme)
    page = text(ada.post(f"attention/{row.pk}/resolve/", resolution=" "))
    assert "Say in a sentence what was done about it." in page
    row.refresh_from_db()
    assert row.resolved_at is None


def test_a_conflict_of_the_ledger_is_listed_and_resolved_with_its_row(ada: Any, acme: Agency) -> None:
    waiting = conflict(acme)
    assert "told the same thing again" in text(ada.get("attention/"))
    assert ada.post(f"attention/{waiting.pk}/resolve/", resolution="Looked at.").status_code == 302
    with door.enter(acme):
        waiting.refresh_from_db()
    assert waiting.resolved_at is not None
    row = Discrepancy.objects.get()
    assert (row.kind, row.resolution, row.client_id) == (Kind.CONFLICT, "Looked at.", waiting.wallet_id)
    assert "Everything adds up" in text(ada.get("attention/"))


def test_the_overview_counts_what_waits_and_leads_to_it(ada: Any, acme: Agency) -> None:
    stray(acme)
    conflict(acme)
    page = text(ada.get("overview/"))
    assert "2 things do not add up" in page
    assert 'href="/agencies/acme/attention/"' in page


def test_it_can_be_looked_at_again(ada: Any, acme: Agency) -> None:
    row = stray(acme, kind=Kind.STRIPE, subject="I10 x", facts={"rule": "I10"})
    assert f'action="/agencies/acme/attention/{row.pk}/again/"' in text(ada.get("attention/"))
    assert ada.post(f"attention/{row.pk}/again/").status_code == 302
    assert FollowUp.objects.filter(agency_id=acme.pk, kind="reconcile").exists()


def test_a_viewer_looks_and_a_manager_resolves(vic: Any, mia: Any, acme: Agency) -> None:
    row = stray(acme)
    page = text(vic.get("attention/"))
    assert "Paid for nothing." in page
    assert "Resolve" not in page.replace("Resolved", "")
    assert vic.post(f"attention/{row.pk}/resolve/", resolution="x").status_code == 403
    assert vic.post(f"attention/{row.pk}/again/").status_code == 403
    assert mia.post(f"attention/{row.pk}/resolve/", resolution="Done.").status_code == 302


def test_nothing_of_another_agency_is_listed_or_closed(gus: Any, ada: Any, acme: Agency) -> None:
    row = stray(acme)
    assert "Paid for nothing." not in text(gus.get("attention/"))
    assert gus.post(f"attention/{row.pk}/resolve/", resolution="Mine.").status_code == 404
    assert ada.post(f"attention/{uuid4()}/resolve/", resolution="Nothing.").status_code == 404
    assert ada.post(f"attention/{uuid4()}/again/").status_code == 404


def test_a_hundred_things_cost_as_many_queries_as_one(ada: Any, acme: Agency, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for numbers in (range(1), range(1, 100)):
        for number in numbers:
            stray(acme, subject=f"cs_{number}")
        with CaptureQueriesContext(connection) as queries:
            ada.get("attention/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
