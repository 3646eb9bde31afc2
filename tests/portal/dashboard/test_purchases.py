"""Purchases on the dashboard: the table, the file, and one purchase with everything that became of it."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Agency
from billing import ledger, returns
from billing.models import Dispute, LedgerEntry, Package, Purchase, Refund
from clients.models import Client
from tenancy import door
from tests.support.booking import ADA
from tests.support.portal import text_of
from tests.support.returned import disputed

pytestmark = pytest.mark.django_db
State = Purchase.State


@pytest.fixture
def ben(acme: Agency) -> Client:
    with door.enter(acme):
        return Client.objects.create(name="Ben <b>Baker</b>", email="ben@client.test")


def bought(client: Client, state: str = State.PAID, **fields: Any) -> Purchase:
    """A purchase of 100 credits for 40.00 EUR, booked when it is paid. In the agency's schema."""
    package = Package.objects.filter(name="Starter").first()
    package = package or Package.objects.create(name="Starter", credits=100, price_minor=4000)
    is_paid = state not in (State.PENDING, State.ABANDONED, State.FAILED)
    values: dict[str, Any] = {
        "package_name": "Starter",
        "seconds": 6000,
        "price_minor": 4000,
        "currency": "eur",
        "livemode": False,
        "paid_at": timezone.now() if is_paid else None,
        "stripe_payment_intent_id": f"pi_{uuid4().hex}" if is_paid else "",
    }
    purchase = Purchase.objects.create(client=client, package=package, state=state, **values | fields)
    if is_paid and purchase.seconds:
        ledger.post(
            client_id=client.pk,
            amount=purchase.seconds,
            kind=LedgerEntry.Kind.PURCHASE,
            source="stripe",
            source_id=str(purchase.pk),
            fact={},
            livemode=False,
            actor=returns.BY_STRIPE,
        )
    return purchase


def refund(purchase: Purchase, **fields: Any) -> Refund:
    """A refund of 10.00 EUR that Stripe has made, booked."""
    values: dict[str, Any] = {
        "stripe_refund_id": f"re_{uuid4().hex}",
        "amount_minor": 1000,
        "currency": "eur",
        "state": Refund.State.SUCCEEDED,
    }
    made = Refund.objects.create(purchase=purchase, **values | fields)
    returns.book(purchase)
    purchase.save()
    return made


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


# --- The table --------------------------------------------------------------------------------------------------------


def test_an_empty_table_teaches(ada: Any) -> None:
    assert "Nothing bought yet" in text_of(ada.get("purchases/"))
    assert "No purchase fits" in text_of(ada.get("purchases/", state="paid"))


def test_a_purchase_is_in_the_table_with_client_amount_and_state(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        purchase = bought(ben)
    answer = ada.get("purchases/")
    assert "ben@client.test" in text_of(answer)
    assert "Starter Today" in text_of(answer)
    assert "Paid € 40.00" in text_of(answer)
    assert f"/purchases/{purchase.pk}/".encode() in answer.content
    assert b"<b>Baker" not in answer.content


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"state": "paid"}, 1),
        ({"state": "pending"}, 2),
        ({"search": "ZOE"}, 1),
        ({"search": "client.test"}, 3),
        ({"search": "%"}, 0),
        ({"search": "\0"}, 3),
        ({"state": "pending", "search": "ben"}, 1),
        ({"state": "nonsense"}, 3),
    ],
)
def test_a_state_and_words_choose(ada: Any, acme: Agency, ben: Client, query: dict[str, str], shown: int) -> None:
    with door.enter(acme):
        zoe = Client.objects.create(name="Zoe", email="zoe@client.test")
        for client, state in ((ben, State.PAID), (ben, State.PENDING), (zoe, State.PENDING)):
            bought(client, state)
    assert len(ada.get("purchases/", **query).context["rows"]) == shown
    assert len(rows(ada.get("purchases/csv/", **query))) == shown


def test_the_table_goes_on_page_by_page_within_its_choice(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        at = timezone.now()
        for number in range(30):
            bought(ben, State.PENDING, created_at=at - timedelta(hours=number // 3))
        bought(ben)
    first = ada.get("purchases/", state="pending")
    second = ada.browser.get(ada.base + "purchases/" + first.context["older"])
    seen = [row["purchase"].pk for answer in (first, second) for row in answer.context["rows"]]
    assert (len(seen), len(set(seen)), second.context["older"]) == (30, 30, "")
    assert ada.get("purchases/", after="x").status_code == 200


def test_many_purchases_cost_as_many_queries_as_one(ada: Any, acme: Agency, ben: Client) -> None:
    counts = []
    for number in (1, 9):
        with door.enter(acme):
            for _number in range(number):
                bought(ben)
        with CaptureQueriesContext(connection) as queries:
            ada.get("purchases/")
            ada.get("purchases/csv/").getvalue()
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- The file ---------------------------------------------------------------------------------------------------------


def test_the_file_holds_figures_with_a_dot_and_what_went_back(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        purchase = bought(ben, paid_minor=4840, tax_minor=840)
        refund(purchase)
        refund(purchase, state=Refund.State.FAILED)
    [row] = rows(ada.get("purchases/csv/"))
    told = [
        row[name] for name in ("credits", "price", "tax", "paid", "refunded", "disputed", "currency", "state", "mode")
    ]
    assert told == ["100.00", "40.00", "8.40", "48.40", "10.00", "0.00", "EUR", "partly_refunded", "test"]
    assert (row["reference"], row["stripe_payment"]) == (str(purchase.pk), purchase.stripe_payment_intent_id)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝", " ="])
def test_no_text_in_the_file_is_a_formula(ada: Any, acme: Agency, ben: Client, start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    with door.enter(acme):
        Client.objects.update(name=text, email=text)
        bought(ben, package_name=text)
    [row] = rows(ada.get("purchases/csv/"))
    assert [row[name][0] for name in ("client", "email", "package")] == ["'"] * 3


def test_a_long_file_misses_nothing_and_repeats_nothing(
    ada: Any, acme: Agency, ben: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agencies.purchase_log.ROWS_AT_A_TIME", 3)
    with door.enter(acme):
        at = timezone.now()
        made = {str(bought(ben, State.PENDING, created_at=at).pk) for _number in range(9)}
    found = [row["reference"] for row in rows(ada.get("purchases/csv/"))]
    assert (len(found), set(found)) == (9, made)


# --- One purchase -----------------------------------------------------------------------------------------------------


def test_one_purchase_tells_everything_that_became_of_it(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        purchase = bought(ben, stripe_session_id="cs_test_1")
        refund(purchase, reason="Bought too much", asked_by=ADA)
    answer = ada.get(f"purchases/{purchase.pk}/")
    page = text_of(answer)
    for words in (
        "Partly refunded",
        "Refunded Today",
        "25.00 credits taken back · ada@acme.test · “Bought too much”",
        "+100.00",
        "−25.00",
        "Can be given back € 30.00",
        "cs_test_1",
    ):
        assert words in page, words
    link = f"https://dashboard.stripe.com/test/payments/{purchase.stripe_payment_intent_id}"
    assert link.encode() in answer.content


def test_a_live_payment_is_linked_where_live_payments_are(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        purchase = bought(ben, livemode=True)
    link = f"https://dashboard.stripe.com/payments/{purchase.stripe_payment_intent_id}"
    assert link.encode() in ada.get(f"purchases/{purchase.pk}/").content


def test_its_states_stand_in_the_order_in_which_they_came(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        refund(bought(ben))
        purchase = Purchase.objects.get()
    titles = [step.title for step in ada.get(f"purchases/{purchase.pk}/").context["steps"]]
    assert titles == ["Chosen", "A part given back"]


def test_a_later_booking_of_the_same_refund_is_shown_and_no_other_purchase(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        bought(ben)
        purchase = bought(ben)
        made = refund(purchase)
        for state in (Refund.State.FAILED, Refund.State.SUCCEEDED):
            Refund.objects.filter(pk=made.pk).update(state=state)
            returns.book(purchase)
    amounts = [row.amount for row in ada.get(f"purchases/{purchase.pk}/").context["entries"]]
    assert amounts == ["+100.00", "−25.00", "+25.00", "−25.00"]


def test_what_was_free_or_sold_without_credits_says_so(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        free, without = bought(ben, paid_minor=0), bought(ben, seconds=0)
    assert "Nothing: it was free" in text_of(ada.get(f"purchases/{free.pk}/"))
    assert "This was sold without credits." in text_of(ada.get(f"purchases/{without.pk}/"))


def test_another_agencys_purchase_is_not_there(ada: Any, globex: Agency) -> None:
    with door.enter(globex):
        purchase = bought(Client.objects.create(name="Zoe", email="zoe@client.test"))
    assert ada.get(f"purchases/{purchase.pk}/").status_code == 404
    assert "zoe@client.test" not in text_of(ada.get("purchases/"))


# --- Disputes ---------------------------------------------------------------------------------------------------------


def lift(person: Any, dispute: Dispute) -> Any:
    return person.post(f"purchases/{dispute.purchase_id}/disputes/{dispute.pk}/lift/")


def test_a_dispute_says_that_calls_do_not_start_and_can_be_lifted(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        dispute = disputed(ben, "lost", withdrawn_minor=4000)
    path = f"purchases/{dispute.purchase_id}/"
    page = text_of(ada.get(path))
    assert "do not start" in page
    assert "It is lost, so that stays until you lift it." in page
    assert "The money and the credits that were taken stay gone." in page
    assert "the buyer says it was not them" in page
    assert lift(ada, dispute).status_code == 302
    page = text_of(ada.get(path))
    assert "start again." in page
    assert "calls allowed again by ada@acme.test" in page
    assert "do not start" not in page


def test_lifting_twice_is_told_and_changes_nothing(ada: Any, mia: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        dispute = disputed(ben)
    lift(mia, dispute)
    assert lift(ada, dispute).status_code == 302
    assert "does not stop calls any more" in text_of(ada.get("purchases/"))
    with door.enter(acme):
        assert Dispute.objects.get().lifted_by["email"] == "manager@acme.test"


def test_a_viewer_lifts_nothing_and_a_dispute_of_another_purchase_is_not_there(
    vic: Any, ada: Any, acme: Agency, ben: Client
) -> None:
    with door.enter(acme):
        dispute, other = disputed(ben), bought(ben)
    assert lift(vic, dispute).status_code == 403
    assert b"Let calls start" not in vic.get(f"purchases/{dispute.purchase_id}/").content
    assert ada.post(f"purchases/{other.pk}/disputes/{dispute.pk}/lift/").status_code == 404
    with door.enter(acme):
        assert Dispute.objects.get().lifted_at is None


def test_the_clients_page_and_the_overview_say_why_calls_do_not_start(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        dispute = disputed(ben)
    page = ada.get(f"clients/{ben.pk}/")
    assert "Calls of this client do not start A payment of this client is disputed" in text_of(page)
    assert f"/purchases/{dispute.purchase_id}/".encode() in page.content
    assert "1 client cannot call: a payment is disputed" in text_of(ada.get("overview/"))
    lift(ada, dispute)
    assert "do not start A payment" not in text_of(ada.get(f"clients/{ben.pk}/"))
    assert "cannot call" not in text_of(ada.get("overview/"))


def test_a_debt_is_explained_on_both(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        purchase = bought(ben)
        ledger.post(
            client_id=ben.pk,
            amount=-5900,
            kind=LedgerEntry.Kind.USAGE,
            source="hms",
            source_id="c1",
            fact={},
            livemode=False,
            actor={},
        )
        refund(purchase, amount_minor=4000)
    page = text_of(ada.get(f"clients/{ben.pk}/"))
    assert "A payment was given back after its credits had been used." in page
    assert "until more than 98.33 credits are bought or given" in page
    assert "1 client is below zero" in text_of(ada.get("overview/"))


def test_a_refund_that_stripe_has_not_answered_is_pointed_out(ada: Any, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        purchase = bought(ben)
        refund(purchase, state=Refund.State.ASKED, stripe_refund_id=None)
    assert "1 refund waits for Stripe's answer" in text_of(ada.get("overview/"))
    assert "Asked for, Stripe has not answered yet" in text_of(ada.get(f"purchases/{purchase.pk}/"))
