from datetime import timedelta

import pytest
from django.utils import timezone

from agencies import usage
from agencies.models import Agency
from billing import months
from calls.models import Call
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db


def test_what_rounding_earns_is_a_line_of_its_own(connected_acme: Agency, says: Hms) -> None:
    ben, now = hms_says.ready(says), timezone.now()
    for number, (measured, billed, cost, ended) in enumerate(
        [
            (61, 120, 70_000, now),
            (60, 60, 80_000, now),
            (30, 60, 70_000, now),
            (12, 0, 70_000, now),
            (None, 0, 70_000, now),
            (600, 600, 70_000, None),
        ]
    ):
        Call.objects.create(
            organization=ben,
            hms_id=str(number),
            status="ended",
            placed_at=now,
            measured_seconds=measured,
            billed_seconds=billed,
            cost_micro_per_minute=cost,
            booked_at=ended,
        )
    seen = usage.of(months.of(now))
    assert (seen.calls, seen.measured, seen.free, seen.billed, seen.rounding) == (5, 163, 12, 240, 89)
    # 103 s at 0.07 and 60 s at 0.08 are 20.02 cents; 89 s at 0.07 are 10.38 cents.
    assert (seen.cost_minor, seen.rounding_minor) == (21, 10)


def test_a_month_holds_the_calls_that_were_placed_in_it(connected_acme: Agency, says: Hms) -> None:
    ben, month = hms_says.ready(says), months.of(timezone.now())
    edges = [month.starts_at - timedelta(seconds=1), month.starts_at, month.next.starts_at]
    for number, at in enumerate(edges):
        Call.objects.create(
            organization=ben,
            hms_id=str(number),
            status="ended",
            placed_at=at,
            measured_seconds=10**number,
            billed_seconds=10**number,
            cost_micro_per_minute=10_000_000,
            booked_at=at,
        )
    assert usage.of(month).measured == 10


def test_long_months_do_not_overflow(connected_acme: Agency, says: Hms) -> None:
    ben, now = hms_says.ready(says), timezone.now()
    for number in range(3):
        Call.objects.create(
            organization=ben,
            hms_id=str(number),
            status="ended",
            placed_at=now,
            measured_seconds=1_000_000_000,
            billed_seconds=1_000_000_000,
            cost_micro_per_minute=10_000_000,
            booked_at=now,
        )
    assert usage.of(months.of(now)).cost_minor == 3 * 1_000_000_000 * 1000 // 60


def test_nothing_used_costs_nothing(connected_acme: Agency) -> None:
    assert usage.of(months.of(timezone.now())) == usage.Usage(0, 0, 0, 0, 0, 0)
