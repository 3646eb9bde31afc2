"""What buyers, banks and Stripe do that crediting has to survive, each by the number under which it is known."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from billing import purchases, receipts, stripe_shapes
from billing.checkout_options import Options
from billing.models import Package, Purchase
from billing.stripe_shapes import CheckoutState
from clients.models import Client
from tenancy import door
from tests.support import stripe_says
from tests.support.stripe_world import Sandbox, Shop

pytestmark = pytest.mark.django_db
State = Purchase.State
CREDITED = [("purchase", 6000)]


def settled(shop: Shop, state: CheckoutState, **hints: bool) -> Purchase:
    with door.enter(shop.agency):
        return purchases.settle(state=state, **hints)


def refreshed(shop: Shop, purchase: Purchase) -> Purchase:
    with door.enter(shop.agency):
        return purchases.refresh(purchase_id=purchase.pk, secret_key=shop.secret_key)


def paid(purchase: Purchase, **changes: object) -> CheckoutState:
    """What Stripe says of the purchase's session once it is paid."""
    session = stripe_says.session(purchase.pk, id=purchase.stripe_session_id, **changes)
    return stripe_shapes.checkout_state(session)


def assert_noted_and_not_credited(shop: Shop, purchase: Purchase) -> None:
    assert (purchase.state, bool(purchase.problem)) == (State.PENDING, True)
    assert shop.entries() == []


def test_trap_16_a_bank_debit_waits_and_is_credited_when_it_arrives(shop: Shop) -> None:
    purchase = shop.started()
    waiting = settled(shop, paid(purchase, payment_status="unpaid"))
    assert (waiting.state, waiting.awaiting_bank) == (State.PENDING, True)
    assert shop.entries() == []
    arrived = settled(shop, paid(purchase))
    assert (arrived.state, arrived.awaiting_bank) == (State.PAID, False)
    assert shop.entries() == CREDITED


def test_trap_17_a_bank_debit_that_fails_is_a_failed_purchase(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id, method="bank_debit")
    assert refreshed(shop, purchase).awaiting_bank
    stripe.turn(f"stripe/sessions/{purchase.stripe_session_id}/bank", outcome="failed")
    failed = refreshed(shop, purchase)
    assert (failed.state, failed.awaiting_bank) == (State.FAILED, False)


def test_trap_17_a_failed_purchase_that_is_paid_after_all_is_credited(shop: Shop) -> None:
    purchase = shop.started()
    assert settled(shop, paid(purchase, payment_status="unpaid"), bank_said_no=True).state == State.FAILED
    assert settled(shop, paid(purchase)).state == State.PAID


def test_trap_17_news_in_any_order_end_in_the_same_state(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase))
    settled(shop, paid(purchase, payment_status="unpaid"), bank_said_no=True)
    settled(shop, paid(purchase, status="expired", payment_status="unpaid"))
    assert shop.purchase().state == State.PAID
    assert shop.entries() == CREDITED


def test_trap_18_the_banks_success_may_come_before_the_completed_session(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase))
    settled(shop, paid(purchase, payment_status="unpaid"))
    assert (shop.purchase().state, shop.purchase().awaiting_bank) == (State.PAID, False)
    assert shop.entries() == CREDITED


def test_trap_19_the_return_page_credits_by_asking_stripe(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    assert refreshed(shop, purchase).state == State.PENDING
    stripe.pay(purchase.stripe_session_id)
    assert refreshed(shop, purchase).state == State.PAID
    assert shop.entries() == CREDITED


def test_trap_19_the_session_of_somebody_else_shows_nothing(shop: Shop) -> None:
    purchase = shop.started()
    with door.enter(shop.agency), pytest.raises(Purchase.DoesNotExist):
        purchases.by_session(client_id=uuid4(), session_id=purchase.stripe_session_id or "")


def test_trap_20_a_session_of_another_mode_is_noted_and_never_credited(shop: Shop) -> None:
    assert_noted_and_not_credited(shop, settled(shop, paid(shop.started(), livemode=True)))


def test_trap_21_the_copy_counts_and_not_the_package_of_today(shop: Shop) -> None:
    purchase = shop.started()
    with door.enter(shop.agency):
        Package.objects.update(price_minor=9900, credits=1)
    assert settled(shop, paid(purchase)).state == State.PAID
    assert shop.entries() == CREDITED


@pytest.mark.parametrize("subtotal", [400, 12_000, None])
def test_trap_21_another_amount_or_three_at_once_is_noted_and_never_credited(shop: Shop, subtotal: int | None) -> None:
    assert_noted_and_not_credited(shop, settled(shop, paid(shop.started(), amount_subtotal=subtotal)))


def test_trap_21_tax_on_top_does_not_matter_and_is_kept(shop: Shop) -> None:
    details = {"amount_discount": 0, "amount_tax": 840, "amount_shipping": 0}
    purchase = settled(shop, paid(shop.started(), amount_total=4840, total_details=details))
    assert (purchase.state, purchase.problem, purchase.paid_minor, purchase.tax_minor) == (State.PAID, "", 4840, 840)


@pytest.mark.parametrize("details", [{"amount_discount": 3600, "amount_tax": 0}, None])
def test_trap_21_a_discount_keeps_the_credits_and_is_a_mark_but_no_problem(
    shop: Shop, details: dict[str, int] | None
) -> None:
    purchase = settled(shop, paid(shop.started(), amount_total=400, total_details=details))
    assert (purchase.state, purchase.problem) == (State.PAID, "")
    assert (purchase.paid_minor, purchase.discount_minor) == (400, 3600)
    assert shop.entries() == CREDITED


def test_trap_21_a_discount_is_seen_under_the_tax_that_hides_it(shop: Shop) -> None:
    details = {"amount_discount": 400, "amount_tax": 756, "amount_shipping": 0}
    purchase = settled(shop, paid(shop.started(), amount_total=4356, total_details=details))
    assert (purchase.discount_minor, purchase.tax_minor, purchase.paid_minor) == (400, 756, 4356)


@pytest.mark.parametrize("currency", ["jpy", "kwd", "usd"])
def test_trap_22_the_same_number_in_another_currency_is_noted_and_never_credited(shop: Shop, currency: str) -> None:
    purchase = settled(shop, paid(shop.started(), currency=currency))
    assert_noted_and_not_credited(shop, purchase)
    assert currency.upper() in purchase.problem


def test_trap_22_what_the_buyer_was_shown_does_not_count(shop: Shop) -> None:
    shown = {"presentment_amount": 4650, "presentment_currency": "usd"}
    purchase = settled(shop, paid(shop.started(), presentment_details=shown))
    assert (purchase.state, purchase.paid_minor, purchase.currency) == (State.PAID, 4000, "eur")


def test_trap_23_a_promotion_that_takes_everything_off_is_credited_and_counts_as_nothing(
    stripe: Sandbox, shop: Shop
) -> None:
    stripe.turn(f"stripe/accounts/{shop.keys['account_id']}/promotion_codes", code="WELCOME", percent_off=100)
    purchase = shop.started(options=Options(promotion_codes=True))
    assert not purchase.is_free
    stripe.pay(purchase.stripe_session_id, code="WELCOME")
    for _ in range(2):
        free = refreshed(shop, purchase)
    assert (free.state, free.problem, free.is_free) == (State.PAID, "", True)
    assert (free.paid_minor, free.discount_minor, free.stripe_payment_intent_id) == (0, 4000, "")
    assert shop.entries() == CREDITED


def test_trap_23_a_free_session_that_nobody_finished_is_not_credited(shop: Shop) -> None:
    open_ = paid(shop.started(), status="open", payment_status="no_payment_required", amount_total=0)
    assert settled(shop, open_).state == State.PENDING
    assert shop.entries() == []


def test_trap_23_a_free_session_for_another_price_is_noted_and_not_credited(shop: Shop) -> None:
    changes = {"payment_status": "no_payment_required", "amount_total": 0, "amount_subtotal": 0}
    assert_noted_and_not_credited(shop, settled(shop, paid(shop.started(), **changes)))


@pytest.mark.parametrize("status", ["no_payment_required", "paid_in_kind"])
def test_trap_23_a_status_that_says_nothing_of_the_money_is_noted_with_its_name(shop: Shop, status: str) -> None:
    purchase = settled(shop, paid(shop.started(), payment_status=status))
    assert_noted_and_not_credited(shop, purchase)
    assert (status in purchase.problem, purchase.awaiting_bank) == (True, False)


@pytest.mark.parametrize("payment_status", ["unpaid", "paid"])
def test_trap_24_what_is_only_set_aside_is_credited_when_it_is_captured(shop: Shop, payment_status: str) -> None:
    purchase = shop.started()
    intent = {"id": "pi_1", "status": "requires_capture"}
    waiting = settled(shop, paid(purchase, payment_status=payment_status, payment_intent=intent))
    assert_noted_and_not_credited(shop, waiting)
    assert "Capture it in Stripe" in waiting.problem
    assert purchases.next_look_at(waiting, waiting.created_at + timedelta(days=3)) is not None
    captured = settled(shop, paid(purchase, payment_intent={"id": "pi_1", "status": "succeeded"}))
    assert (captured.state, captured.problem, captured.awaiting_bank) == (State.PAID, "", False)


@pytest.mark.parametrize("mode", ["subscription", "setup", ""])
def test_trap_25_a_session_that_is_no_payment_is_foreign(shop: Shop, mode: str) -> None:
    purchase = shop.started()
    with pytest.raises(purchases.ForeignSession):
        settled(shop, paid(purchase, mode=mode))
    assert shop.entries() == []


def test_trap_26_a_double_click_is_one_purchase_and_one_page(stripe: Sandbox, shop: Shop) -> None:
    token = uuid4()
    assert shop.start(form_token=token) == shop.start(form_token=token)
    assert len(stripe.ask(shop.secret_key, "GET", "checkout/sessions")["data"]) == 1


def test_trap_26_two_tabs_are_two_purchases(stripe: Sandbox, shop: Shop) -> None:
    both = [shop.started(), shop.started()]
    for purchase in both:
        stripe.pay(purchase.stripe_session_id)
        refreshed(shop, purchase)
    assert shop.entries() == CREDITED * 2


def test_trap_27_a_recovered_session_credits_the_same_purchase_once(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase, status="expired", payment_status="unpaid"))
    recovered = replace(paid(purchase), id="cs_test_recovered")
    assert settled(shop, recovered).state == State.PAID
    assert shop.entries() == CREDITED


def test_trap_28_the_money_of_a_client_who_left_is_not_lost(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    with door.enter(shop.agency):
        Client.objects.update(name="", email="", state=Client.State.SUSPENDED)
    stripe.pay(purchase.stripe_session_id)
    credited = refreshed(shop, purchase)
    assert (credited.state, bool(credited.stripe_payment_intent_id)) == (State.PAID, True)
    assert shop.entries() == CREDITED
    with door.enter(shop.agency):
        assert not receipts.unsent().exists()


def test_trap_29_after_a_change_of_keys_what_stripe_signed_stands(stripe: Sandbox, shop: Shop) -> None:
    told = paid(shop.started())
    other_key = stripe.open_account()["secret_key"]
    with door.enter(shop.agency):
        assert purchases.look_up(told=told, secret_key=other_key) == told
        assert purchases.look_up(told=told, secret_key="sk_test_revoked") == told
        assert purchases.look_up(told=told, secret_key=None) == told


def test_trap_29_the_new_key_does_not_see_it_and_the_purchase_stays_open(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency), pytest.raises(stripe_shapes.StripeMissing):
        purchases.refresh(purchase_id=purchase.pk, secret_key=stripe.open_account()["secret_key"])
    assert shop.purchase().state == State.PENDING
    assert settled(shop, paid(purchase)).state == State.PAID
