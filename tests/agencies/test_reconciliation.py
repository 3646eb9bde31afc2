"""The night's comparison over the real sandbox: what differs is named, kept for a person, told to the operator, and
closed by itself when it differs no more."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agencies import attention, discrepancies, payments, reconciliation
from agencies.models import Agency, Discrepancy
from billing import stripe_gateway
from billing.models import LedgerEntry, Purchase
from billing.stripe_shapes import StripeRightMissing
from inbox import stripe_events
from inbox.models import EventState, StripeEvent
from portal.jobs import reconcile as job
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import booking, stripe_says, stripe_world
from tests.support.booking import book
from tests.support.stripe_world import Sandbox, Shop

pytestmark = pytest.mark.django_db
sandbox, stripe, shop = stripe_world.sandbox, stripe_world.stripe, stripe_world.shop
Kind = Discrepancy.Kind


def looked(shop: Shop, **since: Any) -> reconciliation.Report:
    with door.enter(shop.agency):
        since = since or {"days": 30}
        return reconciliation.look(secret_key=shop.secret_key, since=timezone.now() - timedelta(**since))


def ran(shop: Shop) -> reconciliation.Report:
    with door.enter(shop.agency):
        return reconciliation.run(secret_key=shop.secret_key, open_holds=job.open_holds)


def found(report: reconciliation.Report) -> list[tuple[str, str]]:
    return [(finding.rule, finding.subject) for finding in report.findings]


def tamper(statement: str) -> None:
    """Change the ledger behind its back. What is deferred to the end of the transaction is settled before."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    booking.tamper(statement)


def kept(shop: Shop) -> list[tuple[str, str]]:
    with door.enter(shop.agency):
        return sorted(discrepancies.unresolved().values_list("kind", "subject"))


@pytest.fixture
def paid(stripe: Sandbox, shop: Shop) -> Purchase:
    """A purchase that was paid and credited."""
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        jobs.check_purchase(str(purchase.pk))
    return shop.purchase()


def test_books_that_fit_have_no_findings_and_equal_sums(shop: Shop, paid: Purchase) -> None:
    report = looked(shop)
    assert (report.findings, report.unread) == ([], [])
    [only] = report.sums
    assert (only.currency, only.ours_minor, only.theirs_minor) == ("eur", 4000, 4000)
    assert (report.sessions, report.purchases) == (1, 1)


def test_i10_an_entry_that_was_removed_behind_the_ledgers_back_is_named(shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        tamper("DELETE FROM billing_ledgerentry WHERE kind = 'purchase'")
    assert found(looked(shop)) == [("I10", str(paid.pk))]
    ran(shop)
    kinds = [kind for kind, _subject in kept(shop)]
    assert Kind.STRIPE in kinds
    assert Kind.LEDGER in kinds, "the ledger's own proof misses the entry too"


def test_i11_a_purchase_paid_at_stripe_and_not_here_is_named_and_the_night_credits_it(
    stripe: Sandbox, shop: Shop
) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    assert ("I11", purchase.stripe_session_id) in found(looked(shop))
    assert found(ran(shop)) == []
    assert shop.entries() == [("purchase", 6000)]


def credited_for_nothing(shop: Shop) -> Purchase:
    """A purchase that is credited here, and whose session nobody has paid."""
    purchase = shop.started()
    now = timezone.now()
    with door.enter(shop.agency):
        Purchase.objects.update(state="paid", paid_at=now, closed_at=now, paid_minor=4000)
        book(shop.client.pk, purchase.pk, 6000, kind=LedgerEntry.Kind.PURCHASE, source="stripe")
    return shop.purchase()


def test_i11_an_entry_without_a_session_at_stripe_is_named_kept_and_closed_when_it_is_gone(
    stripe: Sandbox, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    purchase = credited_for_nothing(shop)
    with caplog.at_level(logging.ERROR):
        ran(shop)
    assert kept(shop) == [("stripe", f"I11 {purchase.pk}"), ("stripe", "I14 sum eur")]
    assert any("I11" in line for line in caplog.messages)
    assert not any(shop.secret_key in line for line in caplog.messages)
    stripe.pay(purchase.stripe_session_id)
    ran(shop)
    assert kept(shop) == []


def test_i11_an_old_difference_is_looked_at_until_it_is_gone(shop: Shop) -> None:
    purchase = credited_for_nothing(shop)
    ran(shop)
    long_ago = timezone.now() - timedelta(days=40)
    with door.enter(shop.agency):
        Purchase.objects.update(created_at=long_ago, paid_at=long_ago)
        Discrepancy.objects.update(found_at=long_ago)
    ran(shop)
    assert ("stripe", f"I11 {purchase.pk}") in kept(shop)


def test_i12_a_refund_that_no_webhook_told_is_named_and_the_night_books_it(
    stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    refund_id = stripe.refund(shop.secret_key, paid.stripe_payment_intent_id, 1000)
    assert found(looked(shop)) == [("I12", refund_id)]
    assert found(ran(shop)) == []
    assert shop.entries() == [("purchase", 6000), ("refund", -1500)]
    assert found(looked(shop)) == []


def test_i12_a_refunds_entry_that_was_removed_is_named(stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    refund_id = stripe.refund(shop.secret_key, paid.stripe_payment_intent_id, 1000)
    ran(shop)
    with door.enter(shop.agency):
        tamper("DELETE FROM billing_ledgerentry WHERE kind = 'refund'")
    assert found(looked(shop)) == [("I12", refund_id)]


def test_i13_an_entry_of_the_other_mode_is_named(shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        Purchase.objects.update(livemode=True)
        Purchase.objects.update(livemode=False)
        tamper("UPDATE billing_ledgerentry SET livemode = true")
    # In the books of its mode the entry is missing.
    assert found(looked(shop)) == [("I10", str(paid.pk))]


def test_i14_an_amount_that_stripe_was_not_paid_is_named(shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        Purchase.objects.update(paid_minor=3999)
    assert found(looked(shop)) == [("I14", paid.stripe_session_id), ("I14", "sum eur")]


def stored(shop: Shop, **changes: Any) -> StripeEvent:
    said = stripe_says.event("charge.refunded")
    one = stripe_events.receive(
        agency_id=shop.agency.pk,
        payload=said.payload,
        header=said.header,
        secrets=[stripe_says.SECRET],
        now=timezone.now(),
    )
    StripeEvent.objects.filter(pk=one.id).update(**changes)
    return StripeEvent.objects.get(pk=one.id)


@pytest.mark.parametrize(
    ("state", "age", "is_late"),
    [
        (EventState.RECEIVED, timedelta(minutes=14), False),
        (EventState.RECEIVED, timedelta(minutes=16), True),
        (EventState.FAILED, timedelta(hours=23), False),
        (EventState.FAILED, timedelta(hours=25), True),
        (EventState.IGNORED, timedelta(days=20), False),
    ],
)
def test_i15_an_event_that_waits_too_long_is_named(shop: Shop, state: str, age: timedelta, is_late: bool) -> None:
    event = stored(shop, state=state, received_at=timezone.now() - age)
    assert found(looked(shop)) == ([("I15", event.event_id)] if is_late else [])


def test_i15_an_event_that_nobody_is_going_to_apply_is_named_and_can_be_tried_again(shop: Shop) -> None:
    from follow_ups.models import FollowUp

    event = stored(shop)
    FollowUp.objects.all().delete()
    ran(shop)
    assert kept(shop) == [("event", event.event_id)]
    with door.enter(shop.agency):
        [item] = attention.items()
        assert item.action is attention.Action.LOOK_AGAIN
        attention.look_again(item_id=item.id)
    assert FollowUp.objects.filter(kind="stripe_event", subject=str(event.pk)).exists()


def test_i16_an_event_that_never_arrived_is_named_and_fetched(
    shop: Shop, paid: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation, "YOUNG", timedelta(0) - timedelta(seconds=5))
    assert found(looked(shop)) == [("I16", "events")]
    ran(shop)
    assert kept(shop) == [("stripe", "I16 events")]
    assert StripeEvent.objects.get(agency_id=shop.agency.pk).is_pulled
    ran(shop)
    assert kept(shop) == []


def test_after_a_change_of_the_stripe_account_what_was_paid_in_the_old_one_is_no_difference(
    stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    stripe.refund(shop.secret_key, paid.stripe_payment_intent_id, 1000)
    ran(shop)
    keys = stripe.open_account()
    payments.connect(shop.agency, publishable_key=keys["publishable_key"], secret_key=keys["secret_key"])
    moved = replace(shop, keys=keys)
    report = ran(moved)
    assert (found(report), report.sums, kept(shop)) == ([], [], [])
    stripe.pay(stripe_world.with_price(moved).started().stripe_session_id)
    report = ran(moved)
    [only] = report.sums
    assert (found(report), only.ours_minor, only.theirs_minor) == ([], 4000, 4000)


# --- Around the rules -------------------------------------------------------------------------------------------------


def test_a_payment_that_waits_for_a_person_is_one_thing_and_not_two(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        Purchase.objects.update(price_minor=3999)
    report = ran(shop)
    assert ("I11", purchase.stripe_session_id) in found(report)
    assert [subject for kind, subject in kept(shop) if purchase.stripe_session_id in subject] == [
        purchase.stripe_session_id
    ]


def test_what_a_person_has_closed_is_no_finding_any_more(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        Purchase.objects.update(price_minor=3999)
    ran(shop)
    with door.enter(shop.agency):
        for item in attention.items():
            attention.resolve(item_id=item.id, resolution="Refunded at Stripe.", actor={"email": "ada@acme.test"})
    assert found(ran(shop)) == []
    assert kept(shop) == []


def test_a_night_of_trouble_does_not_flood_the_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from agencies import attention_rows
    from billing.reconciliation import Finding

    with door.enter(shop.agency):
        attention_rows.keep([Finding("I11", f"cs_{number}", "Not credited.") for number in range(50)])
        assert discrepancies.unresolved().count() == attention_rows.MOST_OF_A_RULE + 1
        assert discrepancies.unresolved().filter(subject="I11 more", words__contains="30 more").exists()


def test_a_list_that_may_not_be_read_is_named_and_is_no_proof(
    shop: Shop, paid: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**asked: Any) -> None:
        raise StripeRightMissing("This key lacks a right.")

    from billing.stripe_gateway import lists

    monkeypatch.setattr(lists, "fetch_disputes_since", refused)
    report = looked(shop)
    assert (report.unread, report.findings) == (["disputes"], [])


def test_what_is_booked_between_two_reads_is_no_difference(
    shop: Shop, paid: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing import books

    real, calls = books.read, []

    def torn(**asked: Any) -> books.Books:
        ours = real(**asked)
        calls.append(1)
        if len(calls) == 1:
            for one in ours.bought.values():
                one.entries.clear()
        return ours

    monkeypatch.setattr(books, "read", torn)
    assert found(looked(shop)) == []
    assert len(calls) == 2


def test_the_ledgers_own_findings_are_kept_with_their_client(shop: Shop) -> None:
    with door.enter(shop.agency):
        book(shop.client.pk, 1)
        tamper("UPDATE billing_ledgerentry SET reason = 'x'")
    ran(shop)
    with door.enter(shop.agency):
        row = discrepancies.unresolved().get(kind=Kind.LEDGER)
        assert (row.client_id, row.facts["rule"], row.facts["entry"]) == (shop.client.pk, "I6", 1)
        assert LedgerEntry.objects.count() == 1


def test_each_agency_has_a_minute_of_its_own_in_the_night(acme: Agency, globex: Agency) -> None:
    now = timezone.now()
    due = [reconciliation.next_night(agency.pk, now) for agency in (acme, globex)]
    assert due[0] != due[1]
    for at in due:
        assert now < at <= now + timedelta(hours=24)
        assert 1 <= timezone.localtime(at).hour < 5


def test_the_job_comes_back_next_night_and_not_at_all_without_a_key(shop: Shop, globex: Agency) -> None:
    with door.enter(shop.agency):
        assert job.reconcile("") == reconciliation.next_night(shop.agency.pk, timezone.now())
    with door.enter(globex):
        assert job.reconcile("") is None


def test_the_pinned_page_of_a_hundred_is_followed_to_the_end(stripe: Sandbox, shop: Shop) -> None:
    from billing.stripe_gateway import lists

    for _ in range(5):
        stripe.pay(shop.started().stripe_session_id)
    since = timezone.now() - timedelta(hours=1)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(lists, "PAGE", 2)
        sessions = stripe_gateway.fetch_sessions(secret_key=shop.secret_key, since=since)
        events = stripe_gateway.fetch_events(secret_key=shop.secret_key, since=since)
    assert len({one.state.id for one in sessions}) == len(sessions) == 5
    assert [one.price_ids for one in sessions] == [(shop.package.stripe_price_id,)] * 5
    assert len({one.id for one in events}) == len(events) == 5
