"""Real threads on committed data: what comes at the same time is credited once, and nothing waits for a wallet."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import redis
from django.db import connections as databases
from django.db import transaction
from django.test import Client as Browser
from django.utils import timezone

from agencies import payments
from agencies.models import Agency
from billing import purchases, stripe_gateway
from billing.models import Purchase, Wallet
from follow_ups import agenda, bell
from follow_ups.models import FollowUp
from inbox.models import EventState, StripeEvent
from portal.jobs import registry
from tenancy import door
from tests.support import stripe_says
from tests.support.stripe_says import Said
from tests.support.stripe_world import Sandbox, Shop, connect, with_price
from vault.connections import webhook_secrets

CREDITED = [("purchase", 6000)]
Result = TypeVar("Result")


@pytest.fixture
def open_shop(own_agency: Agency, stripe: Sandbox) -> Iterator[Shop]:
    """A committed shop, gone with its agency."""
    shop = with_price(connect(own_agency, stripe.open_account()))
    FollowUp.objects.filter(agency=own_agency).delete()
    yield shop


def at_once(*work: Callable[[], Result]) -> list[Result]:
    """What each returns when all of them start together, each in a thread with a connection of its own."""
    start, results = threading.Barrier(len(work)), {}

    def run(number: int) -> None:
        try:
            start.wait(timeout=30)
            results[number] = work[number]()
        finally:
            databases.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return [results[number] for number in range(len(work))]


def post(shop: Shop, said: Said) -> int:
    browser = Browser(headers={"host": "portal.localhost"})
    return browser.post(f"/api/webhooks/stripe/{shop.agency.slug}", **said.sent).status_code


def paid_purchase(stripe: Sandbox, shop: Shop) -> tuple[Purchase, Said]:
    purchase = shop.started()
    FollowUp.objects.filter(agency=shop.agency).delete()
    stripe.pay(purchase.stripe_session_id)
    return purchase, said_of(purchase)


def said_of(purchase: Purchase) -> Said:
    return stripe_says.event(about=stripe_says.session(purchase.pk, id=purchase.stripe_session_id))


def work_off(claimed: agenda.Claimed) -> None:
    registry.look_after(
        agency_id=claimed.agency_id,
        row=claimed.id,
        kind=claimed.kind,
        subject=claimed.subject,
        serial=claimed.serial,
    )


def wallet(shop: Shop) -> tuple[int, int]:
    with door.enter(shop.agency):
        return Wallet.objects.values_list("balance", "version").get(pk=shop.client.pk)


def test_trap_01_fifty_deliveries_of_one_event_are_fifty_times_200_and_one_credit(
    stripe: Sandbox, open_shop: Shop
) -> None:
    _, said = paid_purchase(stripe, open_shop)
    answers = at_once(*[lambda: post(open_shop, said)] * 50)
    assert answers == [200] * 50
    assert StripeEvent.objects.filter(agency=open_shop.agency).count() == 1
    (claimed,) = agenda.claim()
    at_once(*[lambda: work_off(claimed)] * 8)
    assert open_shop.entries() == CREDITED
    assert wallet(open_shop) == (6000, 1)
    assert {row.kind for row in FollowUp.objects.filter(agency=open_shop.agency)} == {"receipt", "low_balances"}


def test_webhook_and_return_page_at_once_credit_once(stripe: Sandbox, open_shop: Shop) -> None:
    for round_ in range(1, 6):
        purchase, said = paid_purchase(stripe, open_shop)
        post(open_shop, said)
        (claimed,) = agenda.claim()

        def come_back(purchase: Purchase = purchase) -> None:
            with door.enter(open_shop.agency):
                purchases.refresh(purchase_id=purchase.pk, secret_key=open_shop.secret_key)

        at_once(lambda claimed=claimed: work_off(claimed), come_back, come_back)
        assert open_shop.purchase().state == Purchase.State.PAID
        assert wallet(open_shop) == (6000 * round_, round_)


def test_two_events_for_one_payment_at_once_credit_once(stripe: Sandbox, open_shop: Shop) -> None:
    purchase, said = paid_purchase(stripe, open_shop)
    for one in (said, said_of(purchase), said_of(purchase)):
        post(open_shop, one)
    at_once(*[lambda claimed=claimed: work_off(claimed) for claimed in agenda.claim()])
    assert open_shop.entries() == CREDITED
    states = StripeEvent.objects.filter(agency=open_shop.agency).values_list("state", flat=True)
    assert list(states) == [EventState.APPLIED] * 3


def test_a_double_click_is_one_purchase_with_one_page(stripe: Sandbox, open_shop: Shop) -> None:
    token = uuid4()
    pages = at_once(*[lambda: open_shop.start(form_token=token)] * 6)
    assert len(set(pages)) == 1
    with door.enter(open_shop.agency):
        assert Purchase.objects.count() == 1
    assert len(stripe.ask(open_shop.secret_key, "GET", "checkout/sessions")["data"]) == 1


def test_trap_13_a_webhook_does_not_wait_for_a_wallet_that_somebody_holds(stripe: Sandbox, open_shop: Shop) -> None:
    first, _ = paid_purchase(stripe, open_shop)
    with door.enter(open_shop.agency):
        purchases.refresh(purchase_id=first.pk, secret_key=open_shop.secret_key)
    _, said = paid_purchase(stripe, open_shop)
    answers: list[int] = []
    with door.enter(open_shop.agency), transaction.atomic():
        Wallet.objects.select_for_update().get(pk=open_shop.client.pk)
        answers = at_once(lambda: post(open_shop, said))
    assert answers == [200]


def test_trap_13_a_webhook_does_not_wait_for_the_event_that_is_being_applied(stripe: Sandbox, open_shop: Shop) -> None:
    _, said = paid_purchase(stripe, open_shop)
    post(open_shop, said)
    with transaction.atomic():
        StripeEvent.objects.select_for_update(no_key=True).get(agency=open_shop.agency)
        assert at_once(lambda: post(open_shop, said)) == [200]


def test_trap_02_an_event_is_applied_although_nobody_could_ring(
    stripe: Sandbox, open_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Any:
        raise redis.ConnectionError

    monkeypatch.setattr(bell, "_redis", gone)
    _, said = paid_purchase(stripe, open_shop)
    assert post(open_shop, said) == 200
    (claimed,) = agenda.claim()
    work_off(claimed)
    assert open_shop.entries() == CREDITED


def test_trap_03_an_event_whose_worker_died_is_taken_up_again(stripe: Sandbox, open_shop: Shop) -> None:
    _, said = paid_purchase(stripe, open_shop)
    post(open_shop, said)
    agenda.claim()
    assert agenda.claim() == []
    (again,) = agenda.claim(now=timezone.now() + agenda.LEASE + timedelta(seconds=1))
    work_off(again)
    assert open_shop.entries() == CREDITED


def test_of_two_set_ups_at_once_one_endpoint_stays_with_its_own_secret(
    open_shop: Shop, stripe: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, secrets, make = threading.Barrier(2), {}, stripe_gateway.make_webhook_endpoint

    def made_together(**how: Any) -> Any:
        made = make(**how)
        secrets[made.id] = made.secret
        both.wait(timeout=30)
        return made

    monkeypatch.setattr(stripe_gateway, "make_webhook_endpoint", made_together)
    said = at_once(*[lambda: payments.set_up_webhook(open_shop.agency).webhook_endpoint_id] * 2)
    (left,) = [one["id"] for one in stripe.ask(open_shop.secret_key, "GET", "webhook_endpoints")["data"]]
    assert said == [left, left]
    assert secrets[left] == webhook_secrets(open_shop.agency.pk, timezone.now())[0]
