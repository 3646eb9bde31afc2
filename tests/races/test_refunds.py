"""Refunds asked for by several people, forms and jobs at once, over real sockets: never more than was paid."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction

from agencies.models import Agency
from billing import disputes, payments, proof, purchases, refunds, stripe_shapes
from billing.models import Dispute, Purchase, Refund
from billing.stripe_shapes import StripeUnreachable
from tenancy import door
from tests.support import stripe_says
from tests.support.booking import ADA, side_by_side
from tests.support.stripe_world import Sandbox, Shop, connect, with_price

MIA = {"kind": "member", "id": "2", "email": "mia@acme.test"}


@pytest.fixture
def own_shop(own_agency: Agency, stripe: Sandbox) -> Iterator[Shop]:
    """An agency with a purchase of 100 credits for 40.00 EUR that is paid and credited."""
    shop = with_price(connect(own_agency, stripe.open_account()))
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        purchases.refresh(purchase_id=purchase.pk, secret_key=shop.secret_key)
    yield shop


def asking(shop: Shop, amount_minor: int, **changes: Any) -> Callable[[], str]:
    """A refund that somebody asks for; what they get to see."""
    values: dict[str, Any] = {"purchase_id": shop.purchase().pk, "amount_minor": amount_minor, "actor": ADA}
    values |= {"reason": "Too much", "form_token": uuid4(), "secret_key": shop.secret_key}

    def ask() -> str:
        try:
            return refunds.create(**values | changes).state
        except (refunds.MoreThanIsLeft, refunds.NotRefundable, StripeUnreachable) as refused:
            return type(refused).__name__

    return ask


def at_once(shop: Shop, *work: Callable[[], Any]) -> list[Any]:
    return side_by_side(shop.agency, lambda one: one(), work, threads=len(work))


def made_at_stripe(stripe: Sandbox, shop: Shop) -> list[int]:
    return [one["amount"] for one in stripe.ask(shop.secret_key, "GET", "refunds")["data"]]


def ends_at(shop: Shop, state: str, *taken: int) -> None:
    """The purchase is in this state, these entries were taken, and the ledger is sound."""
    assert shop.purchase().state == state
    assert sorted(amount for kind, amount in shop.entries() if kind != "purchase") == sorted(taken)
    with door.enter(shop.agency):
        assert proof.verify().findings == []


def test_two_people_who_refund_the_whole_at_once_make_one_refund(stripe: Sandbox, own_shop: Shop) -> None:
    seen = at_once(own_shop, asking(own_shop, 4000), asking(own_shop, 4000, actor=MIA))
    assert Refund.State.SUCCEEDED in seen
    assert made_at_stripe(stripe, own_shop) == [4000]
    ends_at(own_shop, Purchase.State.REFUNDED, -6000)


def test_eight_parts_at_once_give_back_what_was_paid_and_no_more(stripe: Sandbox, own_shop: Shop) -> None:
    seen = at_once(own_shop, *(asking(own_shop, 1000) for _number in range(8)))
    assert sorted(seen).count(Refund.State.SUCCEEDED) == 4
    assert made_at_stripe(stripe, own_shop) == [1000] * 4
    ends_at(own_shop, Purchase.State.REFUNDED, *[-1500] * 4)


def test_one_form_sent_by_four_clicks_is_one_refund(stripe: Sandbox, own_shop: Shop) -> None:
    ask = asking(own_shop, 1000, form_token=uuid4())
    at_once(own_shop, *[ask] * 4)
    assert made_at_stripe(stripe, own_shop) == [1000]
    with door.enter(own_shop.agency):
        assert Refund.objects.get().state == Refund.State.SUCCEEDED
    ends_at(own_shop, Purchase.State.PARTLY_REFUNDED, -1500)


def test_form_follow_up_and_news_of_one_refund_take_its_credits_once(stripe: Sandbox, own_shop: Shop) -> None:
    token = uuid4()
    stripe.breaks("lost", "refunds", method="POST", times=3)
    ask = asking(own_shop, 1000, form_token=token)
    with door.enter(own_shop.agency):
        assert ask() == "StripeUnreachable"
        refund = Refund.objects.get()
    intent = own_shop.purchase().stripe_payment_intent_id

    def check() -> str:
        try:
            return refunds.check(refund_id=refund.pk, secret_key=own_shop.secret_key).state
        except StripeUnreachable:
            return "again"

    def news() -> None:
        told = payments.look_up(payment_intent=intent, livemode=False, told=None, secret_key=own_shop.secret_key)
        payments.settle(state=told)

    at_once(own_shop, ask, check, news, check, ask, news)
    assert made_at_stripe(stripe, own_shop) == [1000]
    ends_at(own_shop, Purchase.State.PARTLY_REFUNDED, -1500)


def test_what_was_lifted_stays_lifted_while_news_of_the_dispute_come_in(own_shop: Shop) -> None:
    purchase = own_shop.purchase()
    intent = purchase.stripe_payment_intent_id

    def seen(status: str, *moved: int) -> payments.PaymentState:
        told = stripe_says.dispute(intent, *moved, id="du_1", status=status)
        return payments.PaymentState(purchase.pk, intent, None, [], [stripe_shapes.dispute_state(told)])

    with door.enter(own_shop.agency):
        payments.settle(state=seen("needs_response"))
        dispute = Dispute.objects.get()
    later = [seen("under_review"), seen("under_review", -4000), seen("lost", -4000)]
    news = [lambda state=state: payments.settle(state=state) for state in later * 2]
    at_once(own_shop, *news, lambda: disputes.lift(dispute_id=dispute.pk, actor=ADA))
    with door.enter(own_shop.agency):
        dispute.refresh_from_db()
        assert (dispute.status, dispute.lifted_by) == ("lost", ADA)
        assert not disputes.stop_starts(own_shop.client.pk)
    ends_at(own_shop, Purchase.State.DISPUTED, -6000)


def test_lifting_waits_for_whoever_writes_news_of_the_purchase(own_shop: Shop) -> None:
    with door.enter(own_shop.agency):
        dispute = Dispute.objects.create(
            purchase=own_shop.purchase(), stripe_dispute_id="du_1", amount_minor=4000, currency="eur", status="lost"
        )
        Purchase.objects.update(state=Purchase.State.DISPUTED)

    def lift() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 200")
        disputes.lift(dispute_id=dispute.pk, actor=ADA)

    with door.enter(own_shop.agency), transaction.atomic():
        Purchase.objects.select_for_update(no_key=True).get(pk=dispute.purchase_id)
        with pytest.raises(OperationalError, match="lock timeout"):
            at_once(own_shop, lift)
