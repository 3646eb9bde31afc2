from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies import minutes, watch
from agencies.coverage import Coverage
from agencies.models import Agency, MinutesReading
from agencies.watch import Alarm
from notifications.models import Kind, Notification
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db
CHOSEN: dict[str, Any] = {"low_minutes": 100, "low_days": 3, "floor_percent": 80, "stops_selling": False}


def choose(agency: Agency, **changes: Any) -> None:
    watch.choose(agency_id=agency.pk, **(CHOSEN | changes))


def notice(agency: Agency, **seen: Any) -> list[str]:
    """The alarms that a balance tells of."""
    Notification.objects.filter(kind=Kind.MINUTES).delete()
    with door.enter(agency):
        watch.notice(agency.pk, Coverage(**({"seconds_left": 600_000, "outstanding": 0} | seen)), now=timezone.now())
    return list(Notification.objects.filter(kind=Kind.MINUTES).order_by("subject").values_list("subject", flat=True))


def test_trap_54_a_low_balance_is_told_once_for_each_crossing_and_again_after_a_top_up(acme: Agency) -> None:
    choose(acme, low_days=0)
    story = [7000, 5999, 5000, 5990, 6010, 5999, 6599, 6600, 6100, 5900]
    told = [notice(acme, seconds_left=seconds) for seconds in story]
    assert told == [[], ["low"], [], [], [], [], [], [], [], ["low"]]


def test_days_of_runway_are_a_line_as_well(acme: Agency) -> None:
    choose(acme, low_minutes=0)
    # 700 seconds a day
    assert notice(acme, seconds_left=2100, burned=4900) == []
    assert notice(acme, seconds_left=2099, burned=4900) == ["low"]
    assert notice(acme, seconds_left=2100, burned=4900) == []
    assert watch.is_on(acme.pk, Alarm.LOW)
    assert notice(acme, seconds_left=2800, burned=4900) == []
    assert not watch.is_on(acme.pk, Alarm.LOW)


def test_the_floor_is_told_once_until_the_minutes_cover_a_tenth_more(acme: Agency) -> None:
    choose(acme)
    shares = [(800, []), (799, ["floor"]), (700, []), (850, []), (880, []), (799, ["floor"])]
    assert [notice(acme, seconds_left=share * 1000, outstanding=1_000_000) for share, _told in shares] == [
        told for _share, told in shares
    ]


def test_what_is_off_alarms_nobody(acme: Agency) -> None:
    choose(acme, low_minutes=0, low_days=0, floor_percent=0)
    assert notice(acme, seconds_left=0, outstanding=9999, burned=9999) == []


def test_a_balance_that_hms_did_not_tell_crosses_nothing(acme: Agency) -> None:
    assert notice(acme, seconds_left=None, outstanding=9999) == []


def test_without_a_choice_the_usual_lines_are_watched(acme: Agency) -> None:
    assert notice(acme, seconds_left=5999, outstanding=6000) == ["floor", "low"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"low_minutes": -1}, "low_minutes"),
        ({"low_days": 366}, "low_days"),
        ({"floor_percent": 1001}, "floor_percent"),
        ({"floor_percent": 0, "stops_selling": True}, "floor_percent"),
    ],
)
def test_what_is_no_line_is_refused_in_its_place(acme: Agency, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(watch.WatchRefused) as refused:
        choose(acme, **changes)
    assert refused.value.field == field


def test_selling_stops_below_the_floor_only_where_the_agency_wants_it(connected_acme: Agency, says: Hms) -> None:
    hms_says.ready(says, credit=1000)
    HMSConnection.objects.update(seconds_left=799)
    choose(connected_acme)
    watch.refuse_to_oversell(connected_acme.pk)
    choose(connected_acme, stops_selling=True)
    with pytest.raises(watch.SellingStopped):
        watch.refuse_to_oversell(connected_acme.pk)
    HMSConnection.objects.update(seconds_left=800)
    watch.refuse_to_oversell(connected_acme.pk)


def test_a_refresh_keeps_the_days_reading_and_takes_note_of_a_crossing(connected_acme: Agency, says: Hms) -> None:
    parent = next(iter(says.orgs.values()))
    for minutes_left in (500, 99, 98.5):
        parent.minutes = minutes_left
        minutes.refresh(connected_acme.pk)
    assert minutes.readings(connected_acme.pk, days=30) == [(timezone.localdate(), 5910)]
    assert Notification.objects.filter(kind=Kind.MINUTES, subject="low").count() == 1
    first = watch.of(connected_acme.pk).low_since
    minutes.refresh(connected_acme.pk)
    assert watch.of(connected_acme.pk).low_since == first


def test_readings_are_kept_for_a_while_and_no_longer(connected_acme: Agency, says: Hms) -> None:
    today = timezone.localdate()
    days = [today - minutes.READINGS_KEPT, today - minutes.READINGS_KEPT - timedelta(days=1)]
    for day in days:
        MinutesReading.objects.create(agency=connected_acme, on=day, seconds_left=60)
    minutes.refresh(connected_acme.pk)
    kept = list(MinutesReading.objects.order_by("on").values_list("on", flat=True))
    assert kept == [days[0], today]
