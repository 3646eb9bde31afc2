from datetime import timedelta

import pytest
from django.utils import timezone

from agencies import coverage
from agencies.coverage import Coverage
from agencies.models import Agency
from calls.models import Call
from tests.support import hms_says
from tests.support.hms_says import Hms
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db


def test_outstanding_is_what_clients_hold_above_zero(connected_acme: Agency, says: Hms) -> None:
    hms_says.ready(says, credit=600)
    hms_says.ready(says, "Zoe", credit=60)
    owing = hms_says.ready(says, "Tim")
    hms_says.top_up(owing.client, -300)
    HMSConnection.objects.update(seconds_left=330)
    seen = coverage.look(connected_acme.pk)
    assert (seen.outstanding, seen.permille, seen.missing, seen.runway_days) == (660, 500, 330, None)


@pytest.mark.parametrize(("days_ago", "days"), [((0,), 1), ((0, 2), 3), ((0, 6), 7), ((0, 30), 7)])
def test_the_pace_is_that_of_the_last_week_or_of_a_younger_agencys_days(
    connected_acme: Agency, says: Hms, days_ago: tuple[int, ...], days: int
) -> None:
    ben = hms_says.ready(says)
    for number, ago in enumerate(days_ago):
        at = timezone.now() - timedelta(days=ago, hours=1)
        Call.objects.create(organization=ben, hms_id=str(number), status="ended", placed_at=at, measured_seconds=700)
    seen = coverage.with_left(7000)
    assert seen.days == days
    assert seen.burned == 700 * sum(ago < 7 for ago in days_ago)
    assert seen.runway_days == 7000 * days // seen.burned


@pytest.mark.parametrize(
    ("seen", "permille", "runway"),
    [
        (Coverage(None, 600, 700), None, None),
        (Coverage(600, 0, 0), None, None),
        (Coverage(599, 600, 700), 998, 5),
        (Coverage(-60, 600, 700), 0, 0),
        (Coverage(1200, 600, 1), 2000, 8400),
    ],
)
def test_figures_are_rounded_against_the_agency(seen: Coverage, permille: int | None, runway: int | None) -> None:
    assert (seen.permille, seen.runway_days) == (permille, runway)
