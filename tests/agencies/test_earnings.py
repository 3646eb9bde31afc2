"""Earnings: money and calls of the last days, to the cent."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import earnings
from agencies.earnings import Earnings
from agencies.models import Agency
from billing.models import Dispute, Package, Purchase, Refund
from calls.models import Call
from clients.models import Client
from organizations.models import Organization

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 15, 12, tzinfo=ZoneInfo("UTC"))


def look(agency: Agency, **changes: Any) -> Earnings:
    return earnings.look(agency, **({"livemode": True, "now": NOON} | changes))


def bought(client: Client, paid_minor: int | None = 4000, *, days_ago: int = 0, **changes: Any) -> Purchase:
    package = Package.objects.first() or Package.objects.create(name="100 credits", credits=100, price_minor=4000)
    bought: dict[str, Any] = {"seconds": 6000, "price_minor": 4000, "currency": "eur", "livemode": True}
    named = {"package_name": "100 credits", "stripe_price_id": "price_1", "state": Purchase.State.PAID}
    paid = {"paid_minor": paid_minor, "paid_at": NOON - timedelta(days=days_ago)}
    return Purchase.objects.create(client=client, package=package, **(bought | named | paid | changes))


def called(client: Client, seconds: int | None, *, days_ago: int = 0, times: int = 1) -> None:
    organization, _is_new = Organization.objects.get_or_create(client=client, defaults={"hms_name": client.name})
    first = Call.objects.count()
    made: dict[str, Any] = {"status": "ended", "direction": "inbound", "cost_micro_per_minute": 70_000}
    Call.objects.bulk_create(
        Call(
            organization=organization,
            hms_id=f"call-{number}",
            placed_at=NOON - timedelta(days=days_ago),
            measured_seconds=seconds,
            **made,
        )
        for number in range(first, first + times)
    )


def test_an_agency_that_sold_nothing_has_thirty_empty_days_and_no_margin(inside_acme: Agency) -> None:
    seen = look(inside_acme)
    assert len(seen.days) == 30
    assert (seen.latest.income_minor, seen.latest.permille, seen.trend_permille) == (0, None, None)


def test_income_is_what_was_paid_without_taxes_and_without_what_was_given_back(
    ben: Client, inside_acme: Agency
) -> None:
    purchase = bought(ben, 4840, tax_minor=840)
    Refund.objects.create(
        purchase=purchase, amount_minor=1000, currency="eur", state=Refund.State.SUCCEEDED, created_at=NOON
    )
    Refund.objects.create(
        purchase=purchase, amount_minor=999, currency="eur", state=Refund.State.FAILED, created_at=NOON
    )
    Dispute.objects.create(
        purchase=purchase,
        stripe_dispute_id="dp_1",
        amount_minor=500,
        currency="eur",
        status="lost",
        withdrawn_minor=500,
        created_at=NOON,
    )
    assert look(inside_acme).today.income_minor == 4000 - 1000 - 500


def test_the_margin_is_income_less_what_calls_cost_rounded_once_and_upwards(ben: Client, inside_acme: Agency) -> None:
    bought(ben, 4000)
    called(ben, 61, times=3)
    # 3 x 61 s at 0.07 for a minute are 21.35 cents.
    latest = look(inside_acme).latest
    assert (latest.cost_minor, latest.profit_minor, latest.permille) == (22, 3978, 994)


def test_a_call_without_a_length_counts_and_costs_nothing_yet(ben: Client, inside_acme: Agency) -> None:
    called(ben, None)
    assert (look(inside_acme).today.calls, look(inside_acme).today.cost_minor) == (1, 0)


def test_the_trend_compares_thirty_days_with_the_thirty_before(ben: Client, inside_acme: Agency) -> None:
    for days_ago, amount in ((0, 1000), (29, 2000), (30, 2000), (59, 400), (60, 9999)):
        bought(ben, amount, days_ago=days_ago)
    seen = look(inside_acme)
    assert (seen.latest.income_minor, seen.before.income_minor, seen.trend_permille) == (3000, 2400, 250)


def test_test_payments_are_never_added_to_real_money(ben: Client, inside_acme: Agency) -> None:
    bought(ben, 4000)
    bought(ben, 700, livemode=False)
    assert [look(inside_acme, livemode=mode).today.income_minor for mode in (True, False)] == [4000, 700]


def test_another_currency_stands_beside_the_sum_and_is_in_none(ben: Client, inside_acme: Agency) -> None:
    bought(ben, 4000)
    bought(ben, 1500, currency="usd")
    seen = look(inside_acme)
    assert (seen.currency, seen.latest.income_minor, seen.others) == ("eur", 4000, {"usd": 1500})


def test_costs_are_told_in_the_currency_of_the_income_at_the_agencys_rate_or_not_at_all(
    ben: Client, inside_acme: Agency
) -> None:
    bought(ben, 4000, currency="usd")
    called(ben, 6000)
    assert look(inside_acme).latest.cost_minor is None
    inside_acme.exchange_rates = {"usd": {"micro": 1_100_000, "on": "2026-03-01"}}
    assert look(inside_acme).latest.cost_minor == 770


def test_a_day_begins_at_midnight_of_the_current_time_zone(ben: Client, inside_acme: Agency) -> None:
    with timezone.override(ZoneInfo("America/New_York")):
        # 03:30 in London is still yesterday in New York.
        bought(ben, 4000, paid_at=NOON.replace(hour=3, minute=30))
        days = look(inside_acme).days
    assert [day.income_minor for day in days[-2:]] == [4000, 0]


def test_many_rows_cost_as_many_queries_as_few_and_stay_exact(ben: Client, inside_acme: Agency) -> None:
    counts = []
    for number in (1, 400):
        for each in range(number):
            bought(ben, 4000, days_ago=each % 30)
        called(ben, 60, times=number * 10)
        with CaptureQueriesContext(connection) as queries:
            seen = look(inside_acme)
        counts.append(len(queries))
    assert counts == [4, 4]
    assert (seen.latest.income_minor, seen.latest.calls, seen.latest.cost_minor) == (401 * 4000, 4010, 4010 * 7)
