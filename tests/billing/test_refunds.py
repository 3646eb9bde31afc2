from typing import Any
from uuid import UUID, uuid4

import pytest

from billing import purchases, refunds
from billing.models import LedgerEntry, Purchase, Refund
from billing.stripe_shapes import StripeRefused, StripeUnreachable
from tenancy import door
from tests.support.booking import ADA, book
from tests.support.stripe_world import Sandbox, Shop

pytestmark = pytest.mark.django_db
State = Purchase.State


@pytest.fixture
def paid(stripe: Sandbox, shop: Shop) -> Purchase:
    """A purchase of 40.00 EUR that is paid and credited."""
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        return purchases.refresh(purchase_id=purchase.pk, secret_key=shop.secret_key)


def refunded(shop: Shop, amount_minor: int = 1000, token: UUID | None = None, **changes: Any) -> Refund:
    values: dict[str, Any] = {
        "purchase_id": shop.purchase().pk,
        "amount_minor": amount_minor,
        "reason": "Bought too much",
        "actor": ADA,
        "form_token": token or uuid4(),
        "secret_key": shop.secret_key,
    }
    with door.enter(shop.agency):
        return refunds.create(**values | changes)


def made_at_stripe(stripe: Sandbox, shop: Shop) -> int:
    return len(stripe.ask(shop.secret_key, "GET", "refunds")["data"])


def test_a_refund_takes_its_credits_in_the_name_of_who_asked(shop: Shop, paid: Purchase) -> None:
    refund = refunded(shop)
    assert (refund.state, refund.seconds, refund.reason) == (Refund.State.SUCCEEDED, 1500, "Bought too much")
    assert (shop.purchase().state, shop.entries()[-1]) == (State.PARTLY_REFUNDED, ("refund", -1500))
    with door.enter(shop.agency):
        assert LedgerEntry.objects.get(kind="refund").actor == ADA


def test_what_a_refund_would_take_is_what_it_takes(shop: Shop, paid: Purchase) -> None:
    for amount_minor in (1333, 1333, 1334):
        with door.enter(shop.agency):
            expected = refunds.would_take(purchase=shop.purchase(), amount_minor=amount_minor)
        before = sum(seconds for _, seconds in shop.entries())
        refunded(shop, amount_minor)
        assert before - sum(seconds for _, seconds in shop.entries()) == expected
    assert shop.purchase().state == State.REFUNDED


def test_the_same_form_is_one_refund(stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    token = uuid4()
    assert refunded(shop, token=token) == refunded(shop, token=token)
    assert made_at_stripe(stripe, shop) == 1
    with pytest.raises(refunds.FormTokenUsed):
        refunded(shop, 2000, token=token)


def test_after_a_lost_answer_the_same_form_continues_the_same_refund(
    stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    token = uuid4()
    stripe.breaks("lost", "refunds", method="POST", times=3)
    with pytest.raises(StripeUnreachable):
        refunded(shop, token=token)
    with door.enter(shop.agency):
        assert Refund.objects.get().state == Refund.State.ASKED
        assert refunds.left_minor(shop.purchase()) == 3000
    assert refunded(shop, token=token).state == Refund.State.SUCCEEDED
    assert made_at_stripe(stripe, shop) == 1


def test_what_stripe_refuses_takes_nothing(stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    stripe.dispute(paid.stripe_payment_intent_id)
    with pytest.raises(StripeRefused):
        refunded(shop)
    with door.enter(shop.agency):
        assert Refund.objects.get().state == Refund.State.REFUSED
        assert refunds.left_minor(shop.purchase()) == 4000
    assert len(shop.entries()) == 1


@pytest.mark.parametrize("amount_minor", [0, -1, 4001])
def test_more_than_is_left_is_not_given_back(shop: Shop, paid: Purchase, amount_minor: int) -> None:
    with pytest.raises(refunds.MoreThanIsLeft) as caught:
        refunded(shop, amount_minor)
    assert caught.value.args == (4000,)


def test_a_refund_says_why(shop: Shop, paid: Purchase) -> None:
    with pytest.raises(refunds.ReasonMissing):
        refunded(shop, reason=" ")


def test_what_cost_nothing_has_nothing_to_give_back(shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        Purchase.objects.update(paid_minor=0)
    with pytest.raises(refunds.NothingWasPaid):
        refunded(shop)


def test_what_was_sold_without_credits_takes_none(shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        Purchase.objects.update(seconds=0)
        assert refunds.effect(purchase=shop.purchase(), amount_minor=4000) == refunds.Effect(balance=6000, takes=0)
    assert refunded(shop, 4000).seconds == 0
    assert (shop.purchase().state, len(shop.entries())) == (State.REFUNDED, 1)


def test_what_it_does_to_the_wallet_is_known_before_also_below_zero(shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        book(shop.client.pk, "spent", -5000)
        effect = refunds.effect(purchase=shop.purchase(), amount_minor=4000)
    assert (effect.balance, effect.takes, effect.balance_after) == (1000, 6000, -5000)


def test_what_was_not_paid_or_is_disputed_is_not_refunded(shop: Shop, paid: Purchase) -> None:
    for state in (State.PENDING, State.REFUNDED, State.DISPUTED):
        with door.enter(shop.agency):
            Purchase.objects.update(state=state)
        with pytest.raises(refunds.NotRefundable):
            refunded(shop)
