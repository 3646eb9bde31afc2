from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies import call_terms, pricing
from agencies.call_terms import TermsRefused
from agencies.models import Agency, CallTerms
from calls import sync
from calls.models import Call
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db
ADA = {"kind": "member", "id": "1", "email": "ada@acme.test"}
DAY = timedelta(days=1)


def agree(
    agency: Agency, rounding: int = 60, cost: int = 80_000, *, from_on: date | None = None, **of: int
) -> CallTerms:
    return call_terms.change(
        agency_id=agency.pk,
        rounding=rounding,
        cost_micro_per_minute=cost,
        cost_micro_of=of,
        from_on=from_on or timezone.localdate(),
        actor=ADA,
    )


def dated(row: CallTerms, days_ago: int) -> None:
    CallTerms.objects.filter(pk=row.pk).update(from_at=timezone.now() - days_ago * DAY)


def test_until_an_agency_says_otherwise_calls_are_not_rounded_and_cost_what_hms_says(acme: Agency) -> None:
    terms = call_terms.in_force(acme.pk)
    assert (terms.rounding, terms.cost_micro_per_minute, call_terms.history(acme.pk)) == (1, 70_000, [])


@pytest.mark.parametrize(("livemode", "expected"), [(None, True), (True, True), (False, False)])
def test_calls_count_as_live_unless_stripe_is_in_test_mode(acme: Agency, livemode: bool | None, expected: bool) -> None:
    agree(acme)
    assert call_terms.in_force(acme.pk).livemode is True
    StripeConnection.objects.create(agency=acme, livemode=livemode)
    assert call_terms.in_force(acme.pk).livemode is expected
    assert call_terms.in_force(acme.pk).at(timezone.now() - DAY).livemode is expected


def test_terms_of_today_hold_from_now_on_and_those_of_a_day_to_come_from_its_start(acme: Agency) -> None:
    before = timezone.now()
    agree(acme, 6)
    agree(acme, 30, from_on=timezone.localdate() + 2 * DAY)
    planned, held = call_terms.history(acme.pk)
    assert before <= held.from_at <= timezone.now()
    assert timezone.localtime(planned.from_at).isoformat().startswith(f"{timezone.localdate() + 2 * DAY}T00:00:00")
    assert call_terms.in_force(acme.pk).rounding == 6
    assert held.made_by == ADA


def test_an_old_call_keeps_its_terms_however_late_it_is_told(connected_acme: Agency, says: Hms) -> None:
    ben = hms_says.ready(says, credit=6000)
    for days_ago, rounding, cost in ((6, 30, 60_000), (2, 60, 90_000)):
        dated(agree(connected_acme, rounding, cost), days_ago)
    ben.wanted_at = timezone.now() - 30 * DAY
    ben.save()
    ids = [says.of(ben).ends(31, ended_at=timezone.now() - timedelta(days=days)) for days in (1, 3, 7)]
    sync.sync(ben.pk, terms=call_terms.in_force(connected_acme.pk))
    booked = [Call.objects.get(hms_id=hms_id) for hms_id in ids]
    assert [(call.rounding, call.billed_seconds) for call in booked] == [("60", 60), ("30", 60), ("1", 31)]
    assert [call.cost_micro_per_minute for call in booked] == [90_000, 60_000, 70_000]


def test_a_booked_call_is_corrected_under_its_own_terms(connected_acme: Agency, says: Hms) -> None:
    ben = hms_says.ready(says, credit=6000)
    call_id = says.of(ben).ends(31)
    sync.sync(ben.pk, terms=call_terms.in_force(connected_acme.pk))
    agree(connected_acme, 60, 90_000)
    says.of(ben).ends(33, id=call_id)
    sync.sync(ben.pk, terms=call_terms.in_force(connected_acme.pk))
    call = Call.objects.get()
    assert (call.billed_seconds, call.rounding, call.cost_micro_per_minute) == (33, "1", 70_000)


def test_a_kind_of_call_may_cost_something_of_its_own(connected_acme: Agency, says: Hms) -> None:
    ben = hms_says.ready(says, credit=6000)
    dated(agree(connected_acme, 1, 80_000, web=50_000), 1)
    for direction in ("web", "inbound"):
        says.of(ben).ends(60, direction=direction)
    sync.sync(ben.pk, terms=call_terms.in_force(connected_acme.pk))
    costs = dict(Call.objects.values_list("direction", "cost_micro_per_minute"))
    assert costs == {"web": 50_000, "inbound": 80_000}


def test_margins_are_made_of_the_cost_that_holds_now(acme: Agency) -> None:
    agree(acme, cost=100_000)
    agree(acme, cost=200_000, from_on=timezone.localdate() + DAY)
    with door.enter(acme):
        earned = pricing.margin_of(acme, price_minor=4000, credits=100, currency="eur")
    assert earned is not None
    assert earned.cost_minor == 1000


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rounding": 10}, "rounding"),
        ({"cost": -1}, "cost"),
        ({"cost": call_terms.MOST_MICRO + 1}, "cost"),
        ({"web": call_terms.MOST_MICRO + 1}, "web"),
        ({"from_on": timezone.localdate() - 2 * DAY}, "from_on"),
        ({"from_on": timezone.localdate() + 400 * DAY}, "from_on"),
    ],
)
def test_what_are_no_terms_is_refused_in_its_place(acme: Agency, given: dict[str, Any], field: str) -> None:
    with pytest.raises(TermsRefused) as refused:
        agree(acme, **given)
    assert (refused.value.field, CallTerms.objects.count()) == (field, 0)


def test_plans_for_one_day_replace_each_other_and_can_be_withdrawn_until_they_hold(acme: Agency) -> None:
    tomorrow = timezone.localdate() + DAY
    agree(acme, 6, from_on=tomorrow)
    planned = agree(acme, 60, from_on=tomorrow)
    assert [row.rounding for row in call_terms.history(acme.pk)] == [60]
    call_terms.withdraw(agency_id=acme.pk, terms_id=planned.pk)
    assert call_terms.history(acme.pk) == []
    held = agree(acme)
    with pytest.raises(CallTerms.DoesNotExist):
        call_terms.withdraw(agency_id=acme.pk, terms_id=held.pk)


def test_terms_of_one_agency_are_not_those_of_another(acme: Agency, globex: Agency) -> None:
    held = agree(acme)
    planned = agree(acme, from_on=timezone.localdate() + DAY)
    assert call_terms.in_force(globex.pk).rounding == 1
    for row in (held, planned):
        with pytest.raises(CallTerms.DoesNotExist):
            call_terms.withdraw(agency_id=globex.pk, terms_id=row.pk)


@pytest.mark.parametrize(("typed", "micro"), [("0.07", 70_000), (" 0,065 ", 65_000), ("0", 0), ("0.000001", 1)])
def test_a_cost_is_read_as_people_type_it(typed: str, micro: int) -> None:
    assert call_terms.read_cost(typed) == micro


@pytest.mark.parametrize("typed", ["", "seven cents", "0.0000001", "11", "-1", "1e3"])
def test_what_is_no_cost_is_explained(typed: str) -> None:
    with pytest.raises(ValueError, match=r"such as 0\.07"):
        call_terms.read_cost(typed)
