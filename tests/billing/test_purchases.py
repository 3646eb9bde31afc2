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


def _without_credits(shop: Shop) -> Purchase:
    with door.enter(shop.agency):
        Package.objects.update(credits=0)
    return shop.started()


# --- Starting ---------------------------------------------------------------------------------------------------------


def test_a_purchase_is_a_copy_of_the_offer_with_a_page_to_pay_on(shop: Shop) -> None:
    url = shop.start()
    purchase = shop.purchase()
    assert (purchase.state, purchase.seconds, purchase.price_minor) == (State.PENDING, 6000, 4000)
    assert (purchase.stripe_session_url, purchase.stripe_price_id) == (url, shop.package.stripe_price_id)
    assert FollowUp.objects.get(kind="purchase_check").subject == str(purchase.pk)


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


def test_what_is_sold_without_credits_is_paid_and_moves_no_credits(shop: Shop) -> None:
    purchase = _without_credits(shop)
    for _ in range(2):
        assert settled(shop, paid(purchase)).state == State.PAID
    assert shop.entries() == []


def test_what_is_sold_without_credits_and_paid_twice_is_noted(shop: Shop) -> None:
    purchase = _without_credits(shop)
    settled(shop, paid(purchase))
    twice = settled(shop, replace(paid(purchase), id="cs_test_another"))
    assert (twice.state, "second time" in twice.problem) == (State.PAID, True)


def test_a_problem_stays_until_somebody_has_looked_at_it(shop: Shop) -> None:
    purchase = shop.started()
    settled(shop, paid(purchase))
    settled(shop, replace(paid(purchase), id="cs_test_another"))
    assert "second time" in settled(shop, paid(purchase)).problem


def test_credits_live_as_long_as_the_package_said_when_it_was_bought(shop: Shop) -> None:
    with door.enter(shop.agency):
        Package.objects.update(lifetime_days=90)
        purchase = shop.started()
        Package.objects.update(lifetime_days=1)
    assert purchase.lifetime_days == 90


def test_crediting_asks_for_the_end_of_credits_that_have_one(shop: Shop) -> None:
    settled(shop, paid(shop.started()))
    assert not FollowUp.objects.filter(kind="expiry").exists()
    with door.enter(shop.agency):
        Package.objects.update(lifetime_days=90)
    lasting = settled(shop, paid(shop.started()))
    assert lasting.paid_at is not None
    row = FollowUp.objects.get(kind="expiry")
    assert (row.subject, row.due_at) == (str(shop.client.pk), lasting.paid_at + timedelta(days=90))


def test_crediting_asks_for_a_receipt_once(shop: Shop) -> None:
    purchase = shop.started()
    for _ in range(2):
        settled(shop, paid(purchase))
    row = FollowUp.objects.get(kind="receipt")
    assert (row.subject, row.serial) == (str(purchase.pk), 1)


# --- Cancelling -------------------------------------------------------------------------------------------------------


def cancelled(shop: Shop, purchase: Purchase) -> Purchase:
    with door.enter(shop.agency):
        return purchases.cancel(purchase_id=purchase.pk, secret_key=shop.secret_key)


def test_who_cancels_closes_the_page_so_that_nobody_can_pay_it(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    assert cancelled(shop, purchase).state == State.ABANDONED
    session = stripe.ask(shop.secret_key, "GET", f"checkout/sessions/{purchase.stripe_session_id}")
    assert session["status"] == "expired"


def test_a_purchase_that_was_paid_meanwhile_is_credited_and_not_cancelled(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    assert cancelled(shop, purchase).state == State.PAID
    assert shop.entries() == CREDITED


def test_a_bank_debit_on_its_way_cannot_be_cancelled(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id, method="bank_debit")
    waiting = cancelled(shop, purchase)
    assert (waiting.state, waiting.awaiting_bank) == (State.PENDING, True)


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


def test_a_session_that_neither_we_nor_stripe_know_is_foreign(shop: Shop) -> None:
    told = replace(paid(shop.started()), id="cs_test_invented")
    with door.enter(shop.agency):
        with pytest.raises(purchases.ForeignSession):
            purchases.look_up(told=told, secret_key=shop.secret_key)
        with pytest.raises(stripe_shapes.StripeKeyRefused):
            purchases.look_up(told=told, secret_key="sk_test_revoked")
