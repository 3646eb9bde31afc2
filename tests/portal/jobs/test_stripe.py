from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agencies.models import Agency
from billing import purchases
from billing.models import Purchase
from billing.stripe_shapes import StripeUnreachable
from follow_ups.models import FollowUp
from inbox import stripe_events
from inbox.models import EventState, StripeEvent
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import stripe_says
from tests.support.stripe_says import SECRET, SECRET_KEY, Said
from tests.support.stripe_world import Sandbox, Shop
from vault import connections
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db
State = Purchase.State
CREDITED = [("purchase", 6000)]


def stored(agency: Agency, said: Said) -> str:
    """The event as the webhook would store it; its row's id."""
    one = stripe_events.receive(
        agency_id=agency.pk, payload=said.payload, header=said.header, secrets=[SECRET], now=timezone.now()
    )
    return str(one.id)


def applied(agency: Agency, said: Said) -> StripeEvent:
    subject = stored(agency, said)
    with door.enter(agency):
        jobs.apply_event(subject)
    return StripeEvent.objects.get(pk=subject)


def about(purchase: Purchase, **changes: Any) -> dict[str, Any]:
    return stripe_says.session(purchase.pk, id=purchase.stripe_session_id, **changes)


def test_a_paid_session_is_credited(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    event = applied(shop.agency, stripe_says.event(about=about(purchase)))
    assert (event.state, event.note) == (EventState.APPLIED, "")
    assert shop.entries() == CREDITED
    assert connections.stripe_connection(shop.agency.pk).last_event_at is not None


def test_two_different_events_for_one_payment_credit_once(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    for _ in range(2):
        assert applied(shop.agency, stripe_says.event(about=about(purchase))).state == EventState.APPLIED
    assert shop.entries() == CREDITED


def test_an_event_that_lies_about_a_session_credits_nothing(shop: Shop) -> None:
    purchase = shop.started()
    applied(shop.agency, stripe_says.event(about=about(purchase)))
    assert shop.purchase().state == State.PENDING
    assert shop.entries() == []


def test_an_unpaid_bank_debit_waits_and_its_success_credits(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id, method="bank_debit")
    applied(shop.agency, stripe_says.event(about=about(purchase, payment_status="unpaid")))
    assert shop.purchase().awaiting_bank
    stripe.turn(f"stripe/sessions/{purchase.stripe_session_id}/bank", outcome="succeeded")
    applied(shop.agency, stripe_says.event("checkout.session.async_payment_succeeded", about(purchase)))
    assert shop.entries() == CREDITED


def test_a_failure_that_arrives_after_the_success_changes_nothing(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    for type_ in ("checkout.session.completed", "checkout.session.async_payment_failed", "checkout.session.expired"):
        applied(shop.agency, stripe_says.event(type_, about(purchase, payment_status="unpaid")))
    assert shop.purchase().state == State.PAID
    assert shop.entries() == CREDITED


def test_a_failed_bank_debit_is_a_failed_purchase(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id, method="bank_debit", outcome="failed")
    said = stripe_says.event("checkout.session.async_payment_failed", about(purchase, payment_status="unpaid"))
    applied(shop.agency, said)
    assert shop.purchase().state == State.FAILED


def test_a_portal_that_is_off_credits_what_was_paid(stripe: Sandbox, shop: Shop) -> None:
    assert not shop.agency.portal_is_on
    test_a_paid_session_is_credited(stripe, shop)


def test_trap_09_the_event_of_one_agency_never_credits_another(
    shop: Shop, globex: Agency, caplog: pytest.LogCaptureFixture
) -> None:
    purchase = shop.started()
    connections.save_stripe_keys(agency_id=globex.pk, secret_key=SECRET_KEY, webhook_secret=SECRET)
    event = applied(globex, stripe_says.event(about=about(purchase)))
    assert (event.state, "No purchase in this portal" in event.note) == (EventState.IGNORED, True)
    assert f"of agency {globex.pk} is for no purchase of its own" in caplog.text
    assert shop.entries() == []


@pytest.mark.parametrize(
    ("type_", "about_"),
    [
        ("charge.refunded", {"id": "ch_1", "object": "charge"}),
        ("some.future.event", {"id": "x_1"}),
        ("checkout.session.completed", stripe_says.session(None)),
        ("checkout.session.completed", {"object": "something"}),
        ("checkout.session.completed", stripe_says.session(None, metadata=7, id={})),
        ("checkout.session.completed", stripe_says.session("not-a-uuid")),
    ],
)
def test_trap_12_what_is_not_ours_is_ignored_and_visible(connected: Shop, type_: str, about_: dict[str, Any]) -> None:
    event = applied(connected.agency, stripe_says.event(type_, about_))
    assert event.state == EventState.IGNORED
    assert event.note


def test_a_test_payment_is_ignored_where_money_is_real(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    StripeConnection.objects.update(livemode=True)
    event = applied(shop.agency, stripe_says.event(about=about(purchase)))
    assert (event.state, shop.entries()) == (EventState.IGNORED, [])


def test_after_a_change_of_keys_a_signed_payment_is_still_credited(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    other = stripe.open_account()
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=other["secret_key"])
    assert applied(shop.agency, stripe_says.event(about=about(purchase))).state == EventState.APPLIED
    assert shop.entries() == CREDITED


def test_an_event_in_an_old_version_is_understood_by_asking(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    old = {name: value for name, value in about(purchase).items() if name not in ("status", "amount_subtotal")}
    applied(shop.agency, stripe_says.event(about=old))
    assert shop.entries() == CREDITED


def test_while_stripe_is_away_the_event_fails_and_succeeds_later(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    subject = stored(shop.agency, stripe_says.event(about=about(purchase)))
    stripe.breaks("503", "checkout", times=3)
    with door.enter(shop.agency):
        with pytest.raises(StripeUnreachable):
            jobs.apply_event(subject)
        assert StripeEvent.objects.get().state == EventState.FAILED
        jobs.apply_event(subject)
    assert StripeEvent.objects.get().state == EventState.APPLIED
    assert shop.entries() == CREDITED


def test_a_failure_after_the_credit_takes_the_credit_back(
    stripe: Sandbox, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    subject = stored(shop.agency, stripe_says.event(about=about(purchase)))
    with monkeypatch.context() as broken, door.enter(shop.agency):
        broken.setattr(stripe_events, "applied", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            jobs.apply_event(subject)
    assert (shop.entries(), shop.purchase().state) == ([], State.PENDING)
    assert StripeEvent.objects.get().note.startswith("ZeroDivisionError")


def test_trap_02_an_applied_event_is_not_applied_again(
    stripe: Sandbox, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = shop.started()
    event = applied(shop.agency, stripe_says.event(about=about(purchase)))
    monkeypatch.setattr(purchases, "settle", lambda **_: 1 / 0)
    with door.enter(shop.agency):
        jobs.apply_event(str(event.pk))


# --- Looking again ----------------------------------------------------------------------------------------------------


def checked(shop: Shop, purchase: Purchase) -> Any:
    with door.enter(shop.agency):
        return jobs.check_purchase(str(purchase.pk))


def test_a_payment_that_no_webhook_told_is_found(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    again_at = checked(shop, purchase)
    assert again_at == purchase.created_at + purchases.LOOKS[0]
    stripe.pay(purchase.stripe_session_id)
    assert checked(shop, purchase) is None
    assert shop.entries() == CREDITED


def test_a_purchase_whose_key_is_gone_is_kept_for_a_person_to_look_at(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe.open_account()["secret_key"])
    assert checked(shop, purchase) is not None
    with door.enter(shop.agency):
        Purchase.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert checked(shop, purchase) is None
    assert (shop.purchase().state, bool(shop.purchase().problem)) == (State.PENDING, True)


def test_the_agenda_brings_an_open_purchase_up_two_minutes_later(shop: Shop) -> None:
    purchase = shop.started()
    assert FollowUp.objects.get(kind="purchase_check").due_at == purchase.created_at + timedelta(minutes=2)


# --- manage.py replay_event -------------------------------------------------------------------------------------------


def test_an_event_can_be_replayed_and_says_what_became_of_it(stripe: Sandbox, shop: Shop, capsys: Any) -> None:
    purchase = shop.started()
    said = stripe_says.event(about=about(purchase))
    subject = stored(shop.agency, said)
    stripe_events.ignored(StripeEvent.objects.get(pk=subject), note="for some reason")
    stripe.pay(purchase.stripe_session_id)
    for before in ("ignored", "applied"):
        call_command("replay_event", "--agency", "acme", said.event_id)
        assert f"{said.event_id} of acme: applied, was {before}." in capsys.readouterr().out
    assert shop.entries() == CREDITED


def test_a_replay_of_nothing_known_fails_with_a_sentence(connected: Shop) -> None:
    for slug, words in (("nobody", "no agency"), ("acme", "received no event evt_9")):
        with pytest.raises(CommandError, match=words):
            call_command("replay_event", "--agency", slug, "evt_9")


def test_a_replay_that_fails_says_why(stripe: Sandbox, shop: Shop) -> None:
    said = stripe_says.event(about=about(shop.started()))
    stored(shop.agency, said)
    stripe.breaks("503", "checkout", times=3)
    with pytest.raises(CommandError, match="StripeUnreachable"):
        call_command("replay_event", "--agency", "acme", said.event_id)
