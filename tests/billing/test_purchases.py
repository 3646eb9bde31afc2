from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from billing import packages, purchases, stripe_shapes
from billing.models import Conflict, Package, Purchase
from billing.stripe_shapes import CheckoutState
from clients.models import Client
from follow_ups.models import FollowUp
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


# --- Starting ---------------------------------------------------------------------------------------------------------


def test_a_purchase_is_a_copy_of_the_offer_with_a_page_to_pay_on(shop: Shop) -> None:
    url = shop.start()
    purchase = shop.purchase()
    assert (purchase.state, purchase.seconds, purchase.price_minor) == (State.PENDING, 6000, 4000)
    assert (purchase.stripe_session_url, purchase.stripe_price_id) == (url, shop.package.stripe_price_id)
    assert FollowUp.objects.get(kind="purchase_check").subject == str(purchase.pk)


def test_a_double_click_is_one_purchase_and_one_page(stripe: Sandbox, shop: Shop) -> None:
    token = uuid4()
    assert shop.start(form_token=token) == shop.start(form_token=token)
    assert len(stripe.ask(shop.secret_key, "GET", "checkout/sessions")["data"]) == 1


def test_two_tabs_are_two_purchases(stripe: Sandbox, shop: Shop) -> None:
    both = [shop.started(), shop.started()]
    for purchase in both:
        stripe.pay(purchase.stripe_session_id)
        refreshed(shop, purchase)
    assert shop.entries() == CREDITED * 2


def test_a_lost_answer_leaves_a_purchase_that_the_same_form_continues(stripe: Sandbox, shop: Shop) -> None:
    stripe.breaks("lost", "checkout", method="POST", times=3)
    token = uuid4()
    with pytest.raises(stripe_shapes.StripeUnreachable):
        shop.start(form_token=token)
    assert (shop.purchase().state, shop.purchase().stripe_session_id) == (State.PENDING, None)
    assert shop.start(form_token=token)
    assert len(stripe.ask(shop.secret_key, "GET", "checkout/sessions")["data"]) == 1


def test_what_stripe_refuses_is_a_failed_purchase_with_the_reason(stripe: Sandbox, shop: Shop) -> None:
    stripe.ask(shop.secret_key, "POST", f"prices/{shop.package.stripe_price_id}", active="false")
    with pytest.raises(stripe_shapes.StripeRefused):
        shop.start()
    assert shop.purchase().state == State.FAILED
    assert "inactive" in shop.purchase().problem


def test_a_form_that_was_paid_is_not_paid_again(stripe: Sandbox, shop: Shop) -> None:
    token = uuid4()
    purchase = shop.started(form_token=token)
    stripe.pay(purchase.stripe_session_id)
    refreshed(shop, purchase)
    with pytest.raises(purchases.PurchaseClosed):
        shop.start(form_token=token)


def test_a_form_of_somebody_else_gives_nothing_away(shop: Shop) -> None:
    token = uuid4()
    shop.start(form_token=token)
    with door.enter(shop.agency):
        other = Client.objects.create(name="Eve", email="eve@client.test")
    with pytest.raises(purchases.FormTokenUsed):
        shop.start(form_token=token, client_id=other.pk)


def test_a_suspended_client_does_not_buy(connected: Shop) -> None:
    with door.enter(connected.agency):
        Client.objects.update(state=Client.State.SUSPENDED)
    with pytest.raises(purchases.ClientSuspended):
        connected.start()


def test_a_package_that_is_not_on_sale_is_not_sold(connected: Shop) -> None:
    with door.enter(connected.agency):
        Package.objects.update(is_active=False)
    with pytest.raises(packages.NotOnSale):
        connected.start()


# --- Settling ---------------------------------------------------------------------------------------------------------


def test_a_paid_session_is_credited_once_however_often_it_is_told(shop: Shop) -> None:
    purchase = shop.started()
    for _ in range(3):
        assert settled(shop, paid(purchase)).state == State.PAID
    assert shop.entries() == CREDITED
    assert shop.purchase().paid_at is not None


def test_the_return_page_credits_by_asking_stripe(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    assert refreshed(shop, purchase).state == State.PENDING
    stripe.pay(purchase.stripe_session_id)
    assert refreshed(shop, purchase).state == State.PAID
    assert shop.entries() == CREDITED


def test_the_session_of_somebody_else_shows_nothing(shop: Shop) -> None:
    purchase = shop.started()
    with door.enter(shop.agency), pytest.raises(Purchase.DoesNotExist):
        purchases.by_session(client_id=uuid4(), session_id=purchase.stripe_session_id or "")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_subtotal": 400},
        {"amount_subtotal": 12_000},
        {"amount_subtotal": None},
        {"currency": "jpy"},
        {"livemode": True},
    ],
)
def test_what_does_not_fit_the_copy_is_noted_and_never_credited(shop: Shop, changes: dict[str, object]) -> None:
    purchase = settled(shop, paid(shop.started(), **changes))
    assert (purchase.state, bool(purchase.problem)) == (State.PENDING, True)
    assert shop.entries() == []


def test_the_copy_counts_and_not_the_package_of_today(shop: Shop) -> None:
    purchase = shop.started()
    with door.enter(shop.agency):
        Package.objects.update(price_minor=9900, credits=1)
    assert settled(shop, paid(purchase)).state == State.PAID
    assert shop.entries() == CREDITED


def test_tax_on_top_does_not_matter(shop: Shop) -> None:
    purchase = settled(shop, paid(shop.started(), amount_total=4840))
    assert (purchase.state, purchase.problem) == (State.PAID, "")


def test_a_discount_given_at_stripe_is_credited_and_shown(shop: Shop) -> None:
    purchase = settled(shop, paid(shop.started(), amount_total=400))
    assert (purchase.state, bool(purchase.problem)) == (State.PAID, True)


def test_nothing_charged_is_nothing_credited_but_noted(shop: Shop) -> None:
    purchase = settled(shop, paid(shop.started(), payment_status="no_payment_required", amount_total=0))
    assert (purchase.state, bool(purchase.problem)) == (State.PENDING, True)
    assert shop.entries() == []


def test_a_bank_debit_waits_and_is_credited_when_it_arrives(shop: Shop) -> None:
    purchase = shop.started()
    waiting = settled(shop, paid(purchase, payment_status="unpaid"))
    assert (waiting.state, waiting.awaiting_bank) == (State.PENDING, True)
    assert shop.entries() == []
    arrived = settled(shop, paid(purchase))
    assert (arrived.state, arrived.awaiting_bank) == (State.PAID, False)
    assert shop.entries() == CREDITED


def test_a_bank_debit_that_fails_is_a_failed_purchase(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id, method="bank_debit")
    assert refreshed(shop, purchase).awaiting_bank
    stripe.turn(f"stripe/sessions/{purchase.stripe_session_id}/bank", outcome="failed")
    failed = refreshed(shop, purchase)
    assert (failed.state, failed.awaiting_bank) == (State.FAILED, False)


def test_news_in_any_order_end_in_the_same_state(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase))
    settled(shop, paid(purchase, payment_status="unpaid"), bank_said_no=True)
    settled(shop, paid(purchase, status="expired", payment_status="unpaid"))
    assert shop.purchase().state == State.PAID
    assert shop.entries() == CREDITED


def test_a_failed_purchase_that_is_paid_after_all_is_credited(shop: Shop) -> None:
    purchase = shop.started()
    assert settled(shop, paid(purchase, payment_status="unpaid"), bank_said_no=True).state == State.FAILED
    assert settled(shop, paid(purchase)).state == State.PAID


def test_a_failed_purchase_does_not_wait_for_the_bank_again(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase, payment_status="unpaid"), bank_said_no=True)
    assert settled(shop, paid(purchase, payment_status="unpaid")).state == State.FAILED


def test_a_refunded_purchase_is_not_made_paid_again(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase))
    with door.enter(shop.agency):
        Purchase.objects.update(state=State.REFUNDED)
    assert settled(shop, paid(purchase)).state == State.REFUNDED


def test_a_recovered_session_credits_the_same_purchase_once(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase, status="expired", payment_status="unpaid"))
    recovered = replace(paid(purchase), id="cs_test_recovered")
    assert settled(shop, recovered).state == State.PAID
    assert shop.entries() == CREDITED


def test_a_second_payment_of_one_purchase_is_a_conflict_and_no_second_credit(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase))
    twice = settled(shop, replace(paid(purchase), id="cs_test_another"))
    assert (twice.state, "second time" in twice.problem) == (State.PAID, True)
    assert shop.entries() == CREDITED
    with door.enter(shop.agency):
        assert Conflict.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "subscription"},
        {"client_reference_id": None},
        {"client_reference_id": "somebody-elses"},
        {"metadata": {}},
        {"metadata": {"purchase_id": str(uuid4())}},
    ],
)
def test_a_payment_for_something_else_is_foreign(shop: Shop, changes: dict[str, object]) -> None:
    purchase = shop.started()
    with pytest.raises(purchases.ForeignSession):
        settled(shop, paid(purchase, **changes))
    assert shop.entries() == []


def test_a_purchase_of_another_agency_is_foreign(shop: Shop, globex: object) -> None:
    purchase = shop.started()
    with pytest.raises(purchases.ForeignSession), door.enter(globex):  # type: ignore[arg-type]
        purchases.settle(state=paid(purchase))


# --- Looking again ----------------------------------------------------------------------------------------------------


def test_an_open_purchase_is_looked_at_at_widening_times(connected: Shop) -> None:
    at = timezone.now()
    purchase = Purchase(created_at=at)
    looks = [at]
    while (then := purchases.next_look_at(purchase, looks[-1])) is not None:
        looks.append(then)
    assert [then - at for then in looks[1:]] == list(purchases.LOOKS)


def test_a_bank_debit_is_looked_at_daily_for_three_weeks() -> None:
    at = timezone.now()
    purchase = Purchase(created_at=at, awaiting_bank=True)
    assert purchases.next_look_at(purchase, at + timedelta(days=20)) == at + timedelta(days=21)
    assert purchases.next_look_at(purchase, at + timedelta(days=21)) is None


def test_a_closed_purchase_is_not_looked_at_again() -> None:
    assert purchases.next_look_at(Purchase(state=State.PAID), timezone.now()) is None


def test_a_page_can_not_be_paid_after_the_last_look() -> None:
    assert max(purchases.LOOKS) > purchases.SESSION_LIVES


def test_a_purchase_that_nobody_could_pay_is_given_up(connected: Shop) -> None:
    with pytest.raises(stripe_shapes.StripeUnreachable):
        connected.start()
    with door.enter(connected.agency):
        assert purchases.open_purchases().count() == 1
        purchases.give_up(purchase_id=connected.purchase().pk)
    assert connected.purchase().state == State.ABANDONED


def test_a_purchase_that_cannot_be_looked_up_stays_visible(shop: Shop) -> None:
    purchase = shop.started()
    with door.enter(shop.agency):
        purchases.give_up(purchase_id=purchase.pk)
    assert (shop.purchase().state, bool(shop.purchase().problem)) == (State.PENDING, True)


def test_after_a_change_of_keys_what_stripe_signed_stands_for_a_session_we_know(stripe: Sandbox, shop: Shop) -> None:
    told = paid(shop.started())
    other_key = stripe.open_account()["secret_key"]
    with door.enter(shop.agency):
        assert purchases.look_up(told=told, secret_key=other_key) == told
        assert purchases.look_up(told=told, secret_key="sk_test_revoked") == told
        assert purchases.look_up(told=told, secret_key=None) == told


def test_a_session_that_neither_we_nor_stripe_know_is_foreign(shop: Shop) -> None:
    told = replace(paid(shop.started()), id="cs_test_invented")
    with door.enter(shop.agency):
        with pytest.raises(purchases.ForeignSession):
            purchases.look_up(told=told, secret_key=shop.secret_key)
        with pytest.raises(stripe_shapes.StripeKeyRefused):
            purchases.look_up(told=told, secret_key="sk_test_revoked")
