"""A refund whose answer was lost: asked about until it is decided, made once, whatever happens in between."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from billing import purchases, refunds
from billing.models import Purchase, Refund
from billing.stripe_shapes import StripeFailed, StripeUnreachable
from follow_ups.models import FollowUp
from portal.jobs.refunds import check_refund
from portal.jobs.registry import KINDS
from tenancy import door
from tests.support.booking import ADA
from tests.support.stripe_world import Sandbox, Shop
from vault import connections

pytestmark = pytest.mark.django_db
State = Refund.State


@pytest.fixture
def paid(stripe: Sandbox, shop: Shop) -> Purchase:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        return purchases.refresh(purchase_id=purchase.pk, secret_key=shop.secret_key)


def asked(shop: Shop, **changes: Any) -> Refund:
    """A refund of 10.00 EUR that was asked for, whatever came of it."""
    values: dict[str, Any] = {"purchase_id": shop.purchase().pk, "amount_minor": 1000, "reason": "Too much"}
    values |= {"actor": ADA, "form_token": uuid4(), "secret_key": shop.secret_key}
    with door.enter(shop.agency):
        try:
            return refunds.create(**values | changes)
        except StripeFailed:
            return Refund.objects.latest("created_at")


def lost(stripe: Sandbox, shop: Shop, kind: str = "lost") -> Refund:
    """A refund without an answer: it was made (`lost`), or never reached Stripe (`cut`)."""
    stripe.breaks(kind, "refunds", method="POST", times=3)
    refund = asked(shop)
    assert refund.state == State.ASKED
    return refund


def looked(shop: Shop, refund: Refund) -> tuple[str, bool]:
    """The refund's state after the job, and whether the job wants to come back."""
    with door.enter(shop.agency):
        again_at = check_refund(str(refund.pk))
        return Refund.objects.get(pk=refund.pk).state, again_at is not None


def made_at_stripe(stripe: Sandbox, shop: Shop) -> int:
    return len(stripe.ask(shop.secret_key, "GET", "refunds")["data"])


def a_day_ago(shop: Shop, refund: Refund) -> None:
    with door.enter(shop.agency):
        Refund.objects.filter(pk=refund.pk).update(created_at=timezone.now() - timedelta(hours=23, minutes=30))


def test_every_refund_has_its_follow_up_from_the_start(shop: Shop, paid: Purchase) -> None:
    refund = asked(shop)
    row = FollowUp.objects.get(kind="refund_check")
    assert (row.subject, row.agency_id) == (str(refund.pk), shop.agency.pk)
    assert timedelta(0) < row.due_at - timezone.now() <= timedelta(minutes=1)
    assert "refund_check" in KINDS
    assert looked(shop, refund) == (State.SUCCEEDED, False)


@pytest.mark.parametrize("kind", ["lost", "cut"])
def test_a_lost_answer_is_asked_for_again_and_the_refund_is_made_once(
    stripe: Sandbox, shop: Shop, paid: Purchase, kind: str
) -> None:
    refund = lost(stripe, shop, kind)
    assert looked(shop, refund) == (State.SUCCEEDED, False)
    assert made_at_stripe(stripe, shop) == 1
    assert shop.entries()[-1] == ("refund", -1500)


def test_while_stripe_does_not_answer_the_job_fails_and_is_tried_again(
    stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    refund = lost(stripe, shop)
    stripe.breaks("503", "refunds", times=3)
    with pytest.raises(StripeUnreachable):
        looked(shop, refund)
    assert looked(shop, refund) == (State.SUCCEEDED, False)


def test_after_a_day_the_key_is_forgotten_so_the_list_is_read_and_nothing_made(
    stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    refund = lost(stripe, shop)
    a_day_ago(shop, refund)
    stripe.breaks("500", "refunds", method="POST", times=9)
    assert looked(shop, refund) == (State.SUCCEEDED, False)
    assert (made_at_stripe(stripe, shop), shop.entries()[-1]) == (1, ("refund", -1500))


def test_after_a_day_a_refund_that_is_not_in_the_list_was_never_made(
    stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    refund = lost(stripe, shop, "cut")
    a_day_ago(shop, refund)
    assert looked(shop, refund) == (State.REFUSED, False)
    assert made_at_stripe(stripe, shop) == 0
    with door.enter(shop.agency):
        assert refunds.left_minor(shop.purchase()) == 4000


def test_the_same_form_after_a_day_makes_no_second_refund_either(stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    token = uuid4()
    stripe.breaks("cut", "refunds", method="POST", times=3)
    a_day_ago(shop, asked(shop, form_token=token))
    assert asked(shop, form_token=token).state == State.REFUSED
    assert made_at_stripe(stripe, shop) == 0


def test_a_refusal_of_another_key_says_nothing_of_what_the_first_key_did(
    stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    refund = lost(stripe, shop)
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe.open_account()["secret_key"])
    assert looked(shop, refund) == (State.ASKED, True)
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=shop.secret_key)
    assert looked(shop, refund) == (State.SUCCEEDED, False)


def test_a_refusal_of_the_first_question_is_the_end_of_it(stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    refund = asked(shop, secret_key=stripe.open_account()["secret_key"])
    assert looked(shop, refund) == (State.REFUSED, False)


def test_what_stripe_refuses_later_is_refused(stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    refund = lost(stripe, shop, "cut")
    stripe.dispute(paid.stripe_payment_intent_id)
    assert looked(shop, refund) == (State.REFUSED, False)


def test_looks_widen_and_then_come_once_a_day(shop: Shop) -> None:
    now = timezone.now()
    refund = Refund(state=State.ASKED, created_at=now)
    ages = [timedelta(0), timedelta(minutes=2), timedelta(hours=1), timedelta(hours=9), timedelta(days=3)]
    pauses = [refunds.next_look_at(refund, now + age) - now - age for age in ages]  # type: ignore[operator]
    expected = [1, 3, 60, 14 * 60 + 30, 24 * 60]
    assert pauses == [timedelta(minutes=minutes) for minutes in expected]
