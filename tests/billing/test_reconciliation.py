"""Each rule finds exactly what breaks it, down to the row, and nothing in books that fit. No row here is ever saved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from billing import reconciliation
from billing.books import Books, Bought
from billing.models import Dispute, LedgerEntry, Purchase, Refund
from billing.stripe_listed import ListedSession, Lists
from billing.stripe_shapes import CheckoutState, DisputeState, RefundState

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
BOUGHT_AT = SINCE + timedelta(days=3)
NOW = SINCE + timedelta(days=20)
Kind = LedgerEntry.Kind
State = Purchase.State


def purchase(**changes: Any) -> Purchase:
    values: dict[str, Any] = {
        "client_id": uuid4(),
        "package_name": "100 credits",
        "seconds": 6000,
        "price_minor": 4000,
        "paid_minor": 4000,
        "currency": "eur",
        "livemode": True,
        "state": State.PAID,
        "stripe_session_id": "cs_1",
        "stripe_payment_intent_id": "pi_1",
        "created_at": BOUGHT_AT,
        "paid_at": BOUGHT_AT,
    }
    return Purchase(**values | changes)


def entry(of: Purchase, amount: int = 6000, kind: str = Kind.PURCHASE, **changes: Any) -> LedgerEntry:
    values: dict[str, Any] = {"wallet_id": of.client_id, "version": 1, "amount": amount, "kind": kind}
    values |= {"source": "stripe", "source_id": str(of.pk), "livemode": of.livemode, "created_at": BOUGHT_AT}
    return LedgerEntry(**values | changes)


def session(of: Purchase, **changes: Any) -> ListedSession:
    values: dict[str, Any] = {
        "id": "cs_1",
        "status": "complete",
        "payment_status": "paid",
        "mode": "payment",
        "livemode": True,
        "currency": "eur",
        "amount_subtotal": 4000,
        "amount_total": 4000,
        "payment_intent": "pi_1",
        "client_reference_id": str(of.pk),
        "metadata": {"purchase_id": str(of.pk)},
    }
    return ListedSession(CheckoutState(**values | changes), BOUGHT_AT)


def lists(*sessions: ListedSession, **changes: Any) -> Lists:
    empty = Lists(NOW, SINCE, True, tuple(sessions), (), (), ())
    return replace(empty, **changes)


def books(*bought: Bought, loose: list[LedgerEntry] | None = None) -> Books:
    return Books({one.purchase.pk: one for one in bought}, loose or [])


def found(ours: Books, theirs: Lists, **explained: Any) -> list[tuple[str, str]]:
    return [(one.rule, one.subject) for one in reconciliation.compare(ours, theirs, **explained)]


def refund_state(**changes: Any) -> RefundState:
    values: dict[str, Any] = {"id": "re_1", "payment_intent": "pi_1", "amount_minor": 1000, "currency": "eur"}
    return RefundState(**values | {"status": "succeeded", "happened_at": BOUGHT_AT} | changes)


def refunded(seconds: int = 1500, taken: int = -1500, **changes: Any) -> tuple[Bought, Refund]:
    """A purchase of which a quarter went back."""
    bought = purchase(state=State.PARTLY_REFUNDED)
    values: dict[str, Any] = {"purchase_id": bought.pk, "stripe_refund_id": "re_1", "amount_minor": 1000}
    values |= {"currency": "eur", "state": "succeeded", "seconds": seconds, "created_at": BOUGHT_AT, "bookings": 1}
    row = Refund(**values | changes)
    one = Bought(bought, [entry(bought)], [row])
    if taken:
        one.entries_of["re_1"].append(entry(bought, taken, Kind.REFUND, source_id="re_1"))
    return one, row


def test_books_that_fit_have_no_findings() -> None:
    one, _row = refunded()
    assert found(books(one), lists(session(one.purchase), refunds=(refund_state(),))) == []


# --- I10 --------------------------------------------------------------------------------------------------------------


def test_i10_a_paid_purchase_without_its_entry_is_found() -> None:
    bought = purchase()
    assert found(books(Bought(bought)), lists(session(bought))) == [("I10", str(bought.pk))]


def test_i10_an_entry_of_a_purchase_that_is_not_paid_is_found() -> None:
    bought = purchase(state=State.PENDING, paid_at=None)
    assert ("I10", str(bought.pk)) in found(books(Bought(bought, [entry(bought)])), lists(session(bought)))


@pytest.mark.parametrize("amounts", [[5999], [6000, 6000]])
def test_i10_another_amount_or_a_second_entry_is_found(amounts: list[int]) -> None:
    bought = purchase()
    one = Bought(bought, [entry(bought, amount) for amount in amounts])
    assert found(books(one), lists(session(bought))) == [("I10", str(bought.pk))]


def test_i10_credits_in_somebody_elses_wallet_are_found() -> None:
    bought = purchase()
    one = Bought(bought, [entry(bought, wallet_id=uuid4())])
    assert found(books(one), lists(session(bought))) == [("I10", str(bought.pk))]


def test_i10_an_entry_for_no_purchase_is_found() -> None:
    stray = entry(purchase(), source_id="nothing", version=7)
    assert found(books(loose=[stray]), lists()) == [("I10", f"{stray.wallet_id} 7")]


def test_i10_a_state_that_does_not_fit_is_found() -> None:
    bought = purchase(state=State.ABANDONED)
    assert ("I10", str(bought.pk)) in found(books(Bought(bought, [entry(bought)])), lists(session(bought)))


def test_i10_what_is_sold_without_credits_has_no_entry() -> None:
    bought = purchase(seconds=0)
    assert found(books(Bought(bought)), lists(session(bought))) == []


# --- I11 --------------------------------------------------------------------------------------------------------------


def test_i11_a_purchase_that_is_paid_at_stripe_and_not_here_is_found() -> None:
    bought = purchase(state=State.PENDING, paid_at=None, paid_minor=None)
    assert ("I11", "cs_1") in found(books(Bought(bought)), lists(session(bought)))


def test_i11_a_second_payment_is_found_until_a_person_has_closed_it() -> None:
    bought = purchase()
    ours = books(Bought(bought, [entry(bought)]))
    theirs = lists(session(bought), session(bought, id="cs_2", payment_intent="pi_2"))
    assert found(ours, theirs) == [("I11", "cs_2"), ("I14", "sum eur")]
    assert found(ours, theirs, explained=frozenset({"cs_2"})) == []


def test_i11_an_entry_without_a_session_at_stripe_is_found() -> None:
    bought = purchase()
    assert ("I11", str(bought.pk)) in found(books(Bought(bought, [entry(bought)])), lists())


@pytest.mark.parametrize(
    ("made_under", "listed", "is_looked_for"),
    [("acct_1", "acct_1", True), ("acct_1", "acct_2", False), ("", "acct_2", True), ("acct_1", "", True)],
)
def test_i11_what_was_paid_in_another_account_is_not_looked_for_in_this_one(
    made_under: str, listed: str, is_looked_for: bool
) -> None:
    bought = purchase(stripe_account_id=made_under)
    missing = found(books(Bought(bought, [entry(bought)])), lists(account_id=listed))
    assert missing == ([("I11", str(bought.pk)), ("I14", "sum eur")] if is_looked_for else [])


def test_i10_what_was_paid_in_another_account_still_has_its_one_entry() -> None:
    bought = purchase(stripe_account_id="acct_1")
    assert found(books(Bought(bought)), lists(account_id="acct_2")) == [("I10", str(bought.pk))]


def test_i11_an_unpaid_session_is_none() -> None:
    bought = purchase()
    theirs = lists(session(bought, payment_status="unpaid"))
    assert ("I11", str(bought.pk)) in found(books(Bought(bought, [entry(bought)])), theirs)


def test_i11_what_was_booked_after_stripe_was_asked_is_no_difference() -> None:
    bought = purchase(paid_at=NOW + timedelta(seconds=1), created_at=NOW - timedelta(minutes=1))
    assert found(books(Bought(bought, [entry(bought)])), lists()) == []


def test_i11_what_lies_before_the_lists_is_not_looked_for_in_them() -> None:
    bought = purchase(created_at=SINCE - timedelta(days=1))
    assert found(books(Bought(bought, [entry(bought)])), lists()) == []


def test_i11_sessions_of_others_are_nobodys_difference() -> None:
    bought = purchase()
    other = session(bought, id="cs_9", client_reference_id="", metadata={})
    assert found(books(Bought(bought, [entry(bought)])), lists(session(bought), other)) == []


def test_i11_a_list_that_may_not_be_read_proves_nothing() -> None:
    bought = purchase()
    theirs = lists(sessions=None, refunds=None, disputes=None, events=None)
    assert found(books(Bought(bought, [entry(bought)])), theirs) == []
    assert theirs.unread == ["sessions", "refunds", "disputes", "events"]


# --- I12 --------------------------------------------------------------------------------------------------------------


def test_i12_a_refund_whose_entry_is_gone_is_found() -> None:
    one, _row = refunded(taken=0)
    assert found(books(one), lists(session(one.purchase), refunds=(refund_state(),))) == [("I12", "re_1")]


def test_i12_a_refund_that_took_another_share_than_its_money_is_found() -> None:
    one, _row = refunded(seconds=1400, taken=-1400)
    theirs = lists(session(one.purchase), refunds=(refund_state(),))
    assert found(books(one), theirs) == [("I12", str(one.purchase.pk))]


def test_i12_a_refund_that_only_stripe_knows_is_found() -> None:
    bought = purchase()
    theirs = lists(session(bought), refunds=(refund_state(),))
    assert found(books(Bought(bought, [entry(bought)])), theirs) == [("I12", "re_1")]


def test_i12_a_refund_that_stripe_does_not_know_is_found() -> None:
    one, _row = refunded()
    assert found(books(one), lists(session(one.purchase))) == [("I12", "re_1")]


def test_i12_a_refund_in_another_account_is_not_looked_for_in_this_one() -> None:
    one, _row = refunded()
    one.purchase.stripe_account_id = "acct_1"
    assert found(books(one), lists(account_id="acct_2")) == []
    assert found(books(one), lists(session(one.purchase), account_id="acct_1")) == [("I12", "re_1")]


def test_i12_a_refund_that_failed_at_stripe_and_still_takes_is_found() -> None:
    one, _row = refunded()
    theirs = lists(session(one.purchase), refunds=(refund_state(status="failed"),))
    assert found(books(one), theirs) == [("I12", "re_1")]


def test_i12_a_dispute_whose_money_moved_on_is_found() -> None:
    bought = purchase(state=State.DISPUTED)
    row = Dispute(
        purchase_id=bought.pk,
        stripe_dispute_id="du_1",
        amount_minor=4000,
        currency="eur",
        status="needs_response",
        withdrawn_minor=4000,
        seconds=6000,
        created_at=BOUGHT_AT,
        bookings=1,
    )
    one = Bought(bought, [entry(bought)], [row])
    one.entries_of["du_1"].append(entry(bought, -6000, Kind.DISPUTE, source_id="du_1"))
    state = DisputeState("du_1", "pi_1", 4000, "eur", "won", "fraudulent", 4000, 4000, BOUGHT_AT)
    assert found(books(one), lists(session(bought), disputes=(state,))) == [("I12", "du_1")]
    assert found(books(one), lists(session(bought), disputes=(replace(state, reinstated_minor=0),))) == []


def test_i12_an_entry_for_no_refund_is_found() -> None:
    stray = entry(purchase(), -60, Kind.REFUND, source_id="re_9", version=3)
    assert found(books(loose=[stray]), lists()) == [("I12", f"{stray.wallet_id} 3")]


# --- I13 --------------------------------------------------------------------------------------------------------------


def test_i13_a_test_entry_of_a_real_purchase_is_found() -> None:
    bought = purchase()
    one = Bought(bought, [entry(bought, livemode=False)])
    assert found(books(one), lists(session(bought))) == [("I13", str(bought.pk))]


def test_i13_a_test_session_of_a_real_purchase_is_found() -> None:
    bought = purchase()
    one = Bought(bought, [entry(bought)])
    assert found(books(one), lists(session(bought, livemode=False))) == [("I13", "cs_1")]


# --- I14 --------------------------------------------------------------------------------------------------------------


def test_i14_an_amount_that_stripe_was_not_paid_is_found_in_the_row_and_in_the_sum() -> None:
    bought = purchase(paid_minor=3900)
    ours = books(Bought(bought, [entry(bought)]))
    assert found(ours, lists(session(bought))) == [("I14", "cs_1"), ("I14", "sum eur")]


def test_i14_taxes_and_discounts_are_in_the_sums_and_what_was_free_counts_nothing() -> None:
    taxed, free = purchase(paid_minor=4840), purchase(paid_minor=0, stripe_session_id="cs_2")
    ours = books(Bought(taxed, [entry(taxed)]), Bought(free, [entry(free)]))
    theirs = lists(
        session(taxed, amount_total=4840),
        session(free, id="cs_2", amount_total=0, payment_status="no_payment_required", payment_intent=""),
    )
    assert found(ours, theirs) == []
    assert reconciliation.sums(ours, theirs) == [reconciliation.Sum("eur", 4840, 4840)]


def test_i14_each_currency_is_summed_on_its_own() -> None:
    euros, pounds = purchase(), purchase(currency="gbp", stripe_session_id="cs_2", stripe_payment_intent_id="pi_2")
    ours = books(Bought(euros, [entry(euros)]), Bought(pounds, [entry(pounds)]))
    theirs = lists(session(euros), session(pounds, id="cs_2", currency="gbp"))
    assert [(each.currency, each.ours_minor) for each in reconciliation.sums(ours, theirs)] == [
        ("eur", 4000),
        ("gbp", 4000),
    ]
