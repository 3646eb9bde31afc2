"""HMS's seconds, the ledger's seconds, Stripe's money: they add up to second and cent, or open down to the row."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from agencies import call_terms, payments, sweep, three_way
from agencies.three_way import ThreeWay
from billing import months, stripe_gateway
from billing.models import LedgerEntry, Purchase, Refund
from calls import sync
from calls.models import Call
from organizations import provisioning
from organizations.models import Organization
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import booking, hms_says, stripe_world
from tests.support.hms_says import Hms, Org
from tests.support.stripe_world import Sandbox, Shop

pytestmark = pytest.mark.django_db
sandbox, stripe, shop, says = stripe_world.sandbox, stripe_world.stripe, stripe_world.shop, hms_says.says
# What is fresh is on its way: these tests look at calls that had their time.
LONG_AGO = timedelta(minutes=40)


@pytest.fixture
def org(shop: Shop, says: Hms) -> Org:
    """Ben's organization at HMS."""
    hms_says.connect(says, shop.agency)
    with door.enter(shop.agency):
        organization = provisioning.want(shop.client)
        provisioning.provision(organization.pk)
        return says.of(Organization.objects.get(pk=organization.pk))


@pytest.fixture(autouse=True)
def in_the_middle_of_a_month() -> Iterator[None]:
    """What ended before midnight is of another month: where a month has just begun, the portal lies six hours west."""
    now = timezone.now()
    has_begun = months.of(now) != months.of(now - LONG_AGO - timedelta(minutes=10))
    with timezone.override(ZoneInfo("Etc/GMT+6") if has_begun else timezone.get_default_timezone()):
        yield


def read(shop: Shop, month: months.Month | None = None) -> ThreeWay:
    with door.enter(shop.agency):
        return three_way.read(client_id=shop.client.pk, month=month or months.of(timezone.now()))


def synced(shop: Shop, **rounding: Any) -> None:
    with door.enter(shop.agency):
        terms = call_terms.in_force(shop.agency.pk)
        sync.sync(Organization.objects.get().pk, terms=type(terms)(**({**_fields(terms)} | rounding)))


def _fields(terms: Any) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in terms.__slots__}


def ends(org: Org, seconds: int, **fields: Any) -> str:
    return org.ends(seconds, **({"ended_at": timezone.now() - LONG_AGO} | fields))


def bought(stripe: Sandbox, shop: Shop) -> Purchase:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        jobs.check_purchase(str(purchase.pk))
    return shop.purchase()


def test_a_month_of_calls_and_payments_adds_up(stripe: Sandbox, shop: Shop, org: Org) -> None:
    bought(stripe, shop)
    ends(org, 65)
    ends(org, 100)
    synced(shop)
    seen = read(shop)
    assert seen.fits
    assert seen.time is not None
    assert seen.money is not None
    assert (seen.time.calls, seen.time.measured, seen.time.taken, seen.time.unexplained) == (2, 165, 165, 0)
    assert (seen.money.paid["eur"], seen.money.ours["eur"], seen.money.unexplained_minor("eur")) == (4000, 4000, 0)
    assert (seen.money.moved, seen.money.unexplained) == (6000, 0)
    assert (seen.opening, seen.bought, seen.used, seen.other, seen.closing) == (0, 6000, -165, 0, 6000 - 165)


def test_rounding_is_a_line_of_its_own(shop: Shop, org: Org) -> None:
    ends(org, 65)
    synced(shop, rounding=60)
    seen = read(shop).time
    assert seen is not None
    assert (seen.measured, seen.rounding, seen.taken, seen.unexplained) == (65, 55, 120, 0)


def test_a_call_that_never_came_about_costs_nothing(shop: Shop, org: Org) -> None:
    ends(org, 30, status="failed")
    synced(shop)
    seen = read(shop).time
    assert seen is not None
    assert (seen.measured, seen.free, seen.taken, seen.rows) == (30, 30, 0, [])


def test_a_call_that_was_never_booked_is_the_difference_and_is_named(shop: Shop, org: Org) -> None:
    ends(org, 65)
    synced(shop)
    ends(org, 100)
    seen = read(shop).time
    assert seen is not None
    assert seen.unexplained == 100
    [row] = seen.rows
    assert (row.measured, row.expected, row.taken, row.difference) == (100, 100, 0, 100)


def test_a_call_that_ended_a_moment_ago_is_on_its_way(shop: Shop, org: Org) -> None:
    org.ends(50)
    seen = read(shop).time
    assert seen is not None
    assert (seen.measured, seen.on_its_way, seen.unexplained, seen.rows) == (50, 50, 0, [])


def test_a_time_that_hms_tells_otherwise_by_now_is_the_difference(shop: Shop, org: Org) -> None:
    call_id = ends(org, 65)
    synced(shop)
    ends(org, 60, id=call_id)
    seen = read(shop).time
    assert seen is not None
    assert (seen.unexplained, [row.difference for row in seen.rows]) == (-5, [-5])


def test_a_booked_call_that_hms_does_not_list_is_the_difference(shop: Shop, org: Org) -> None:
    call_id = ends(org, 65)
    synced(shop)
    del org.calls[call_id]
    seen = read(shop).time
    assert seen is not None
    assert (seen.measured, seen.unexplained, seen.rows[0].measured) == (0, -65, None)


def test_a_call_of_last_month_that_was_booked_in_this_one_is_a_line_in_both(shop: Shop, org: Org) -> None:
    now = timezone.now()
    last = months.of(now).previous
    call_id = ends(org, 65, ended_at=last.next.starts_at - timedelta(hours=1))
    with door.enter(shop.agency):
        Organization.objects.update(wanted_at=now - timedelta(days=60))
    synced(shop)
    with door.enter(shop.agency):
        assert Call.objects.get(hms_id=call_id).billed_seconds == 65
    this, before = read(shop).time, read(shop, last).time
    assert this is not None
    assert before is not None
    assert (this.measured, this.from_elsewhere, this.taken, this.unexplained) == (0, 65, 65, 0)
    assert (before.measured, before.booked_elsewhere, before.taken, before.unexplained) == (65, 65, 0, 0)


def test_a_lost_call_is_found_in_its_own_month_although_it_was_booked_in_another(shop: Shop, org: Org) -> None:
    now = timezone.now()
    last = months.of(now).previous
    call_id = ends(org, 65, ended_at=last.next.starts_at - timedelta(hours=1))
    with door.enter(shop.agency):
        Organization.objects.update(wanted_at=now - timedelta(days=60))
    synced(shop)
    del org.calls[call_id]
    this, before = read(shop).time, read(shop, last).time
    assert this is not None
    assert before is not None
    assert (this.from_elsewhere, this.unexplained, this.rows) == (65, 0, [])
    assert (before.booked_elsewhere, before.taken, before.unexplained) == (65, 0, -65)
    assert [row.difference for row in before.rows] == [-65]


# --- Money ------------------------------------------------------------------------------------------------------------


def test_a_refund_and_a_dispute_add_up_too(stripe: Sandbox, shop: Shop, org: Org) -> None:
    first, second = bought(stripe, shop), bought(stripe, shop)
    stripe.refund(shop.secret_key, first.stripe_payment_intent_id, 1000)
    stripe.dispute(second.stripe_payment_intent_id, "withdraw")
    with door.enter(shop.agency):
        sweep.sweep(secret_key=shop.secret_key)
    seen = read(shop)
    assert seen.money is not None
    assert (seen.money.paid["eur"], seen.money.went_back["eur"], seen.money.ours["eur"]) == (8000, 5000, 3000)
    assert (seen.money.expected_seconds, seen.money.moved, seen.fits) == (4500, 4500, True)


def test_a_payment_that_is_not_credited_is_the_difference_and_is_named(stripe: Sandbox, shop: Shop, org: Org) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    seen = read(shop).money
    assert seen is not None
    assert (seen.unexplained_minor("eur"), seen.unexplained) == (4000, 6000)
    assert [(row.stripe_id, row.theirs_minor, row.ours_minor) for row in seen.rows] == [
        (purchase.stripe_session_id, 4000, 0)
    ]


def test_a_refund_that_is_not_known_here_is_the_difference_and_is_named(stripe: Sandbox, shop: Shop, org: Org) -> None:
    refund_id = stripe.refund(shop.secret_key, bought(stripe, shop).stripe_payment_intent_id, 1000)
    seen = read(shop).money
    assert seen is not None
    assert (seen.unexplained_minor("eur"), seen.unexplained) == (-1000, -1500)
    assert [row.stripe_id for row in seen.rows] == [refund_id]


def test_credits_that_nobody_paid_for_are_the_difference_and_are_named(shop: Shop, org: Org) -> None:
    purchase = shop.started()
    with door.enter(shop.agency):
        Purchase.objects.update(state="paid", paid_at=timezone.now(), paid_minor=4000)
        booking.book(shop.client.pk, purchase.pk, 6000, kind=LedgerEntry.Kind.PURCHASE, source="stripe")
    seen = read(shop).money
    assert seen is not None
    assert (seen.unexplained_minor("eur"), seen.unexplained) == (-4000, -6000)
    assert [row.stripe_id for row in seen.rows] == [str(purchase.pk)]


def test_a_purchase_that_stripe_does_not_have_is_found_in_the_month_in_which_it_was_made(shop: Shop, org: Org) -> None:
    now = timezone.now()
    last = months.of(now).previous
    purchase = shop.started()
    with door.enter(shop.agency):
        Purchase.objects.update(
            state="paid", paid_at=now, paid_minor=4000, created_at=last.next.starts_at - timedelta(days=3)
        )
        booking.book(shop.client.pk, purchase.pk, 6000, kind=LedgerEntry.Kind.PURCHASE, source="stripe")
    this, before = read(shop).money, read(shop, last).money
    assert this is not None
    assert before is not None
    assert (this.from_elsewhere, this.unexplained, this.rows) == (6000, 0, [])
    assert (before.unexplained_minor("eur"), before.unexplained) == (-4000, -6000)


def test_what_was_paid_in_another_stripe_account_is_a_line_and_no_difference(
    stripe: Sandbox, shop: Shop, org: Org
) -> None:
    stripe.refund(shop.secret_key, bought(stripe, shop).stripe_payment_intent_id, 1000)
    with door.enter(shop.agency):
        sweep.sweep(secret_key=shop.secret_key)
    keys = stripe.open_account()
    payments.connect(shop.agency, publishable_key=keys["publishable_key"], secret_key=keys["secret_key"])
    moved = stripe_world.with_price(replace(shop, keys=keys))
    bought(stripe, moved)
    seen = read(moved)
    assert seen.money is not None
    assert (seen.fits, seen.money.of_other_accounts, seen.money.moved) == (True, 4500, 10_500)
    assert (seen.money.paid["eur"], seen.money.ours["eur"]) == (4000, 4000)


def test_what_is_given_by_hand_is_compared_with_nobody(shop: Shop, org: Org) -> None:
    with door.enter(shop.agency):
        booking.book(shop.client.pk, "gift", 600)
    seen = read(shop)
    assert (seen.fits, seen.other, seen.closing) == (True, 600, 600)


def test_what_another_client_bought_is_not_in_it(stripe: Sandbox, shop: Shop, org: Org) -> None:
    bought(stripe, shop)
    with door.enter(shop.agency):
        other = booking.clients(1)[0]
        seen = three_way.read(client_id=other.pk, month=months.of(timezone.now()))
        assert not Refund.objects.exists()
    assert seen.money is not None
    assert (seen.money.payments, seen.money.moved) == (0, 0)
    assert "no organization" in seen.time_problem


# --- When it cannot be read -------------------------------------------------------------------------------------------


def test_while_stripe_is_away_its_side_is_left_open(stripe: Sandbox, shop: Shop, org: Org) -> None:
    stripe.breaks("503", "refunds", times=3)
    seen = read(shop)
    assert (seen.money, seen.fits) == (None, False)
    assert "could not be reached" in seen.money_problem
    assert seen.time is not None


def test_while_hms_is_away_its_side_is_left_open(shop: Shop, org: Org, says: Hms) -> None:
    says.breaks("GET /calls")
    seen = read(shop)
    assert (seen.time, seen.fits) == (None, False)
    assert "could not be read now" in seen.time_problem
    assert seen.money is not None


def test_it_gives_up_when_there_is_too_much_to_wait_for(
    stripe: Sandbox, shop: Shop, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(stripe, shop)
    ends(org, 65)
    monkeypatch.setattr(three_way, "PATIENCE", timedelta(seconds=-1))
    seen = read(shop)
    assert (seen.time, seen.money) == (None, None)
    assert "too long" in seen.money_problem
    with door.enter(shop.agency):
        assert stripe_gateway.fetch_sessions(secret_key=shop.secret_key, since=timezone.now() - LONG_AGO)
