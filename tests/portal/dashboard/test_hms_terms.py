"""Rounding and cost on the dashboard: what holds, what will, and what a month came to under it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agencies import call_terms
from agencies.arrivals import arrive
from agencies.models import Agency, CallTerms
from calls.models import Call
from people.models import User
from tenancy import door
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db
TYPED = {"rounding": "60", "cost": "0,065", "inbound": "", "outbound": "", "web": "0.05"}


def typed(**changes: str) -> dict[str, str]:
    return TYPED | {"from_on": timezone.localdate().isoformat()} | changes


def test_at_first_calls_are_counted_per_second(ada) -> None:
    page = text_of(ada.get("hms/terms/"))
    assert "At first per second € 0.07 Holds now" in page


def test_terms_of_today_hold_at_once_and_say_who_made_them(ada, acme: Agency) -> None:
    assert ada.post("hms/terms/", **typed()).status_code == 302
    terms = call_terms.in_force(acme.pk)
    assert (terms.rounding, terms.cost_micro_per_minute, terms.cost_of("web")) == (60, 65_000, 50_000)
    page = text_of(ada.get("hms/terms/"))
    assert "ada@acme.test per started minute € 0.065 In the browser: € 0.05 Holds now" in page
    assert page.count("Holds now") == 1


def test_what_is_planned_can_be_withdrawn(ada, gus, acme: Agency) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    ada.post("hms/terms/", **typed(from_on=tomorrow.isoformat()))
    planned = CallTerms.objects.get()
    assert call_terms.in_force(acme.pk).rounding == 1
    assert gus.post(f"hms/terms/{planned.pk}/withdraw/").status_code == 404
    assert ada.post(f"hms/terms/{planned.pk}/withdraw/").status_code == 302
    assert not CallTerms.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"cost": "seven"}, "cost", "such as 0.07"),
        ({"cost": ""}, "cost", "required"),
        ({"web": "12"}, "web", "such as 0.07"),
        ({"rounding": "10"}, "rounding", "valid choice"),
        ({"from_on": "2020-01-01"}, "from_on", "Calls of the past keep their terms."),
    ],
)
def test_what_is_wrong_is_said_in_its_place(ada, changes: dict[str, str], field: str, words: str) -> None:
    page = ada.post("hms/terms/", **typed(**changes))
    assert words in str(page.context["form"].errors[field])
    assert not CallTerms.objects.exists()


def test_what_rounding_earns_stands_on_a_line_of_its_own(ada, acme: Agency) -> None:
    with door.enter(acme):
        client = arrive(user=User.objects.create_user("ben@client.test"), name="Ben")
        Call.objects.create(
            organization=client.organization,
            hms_id="call",
            status="ended",
            placed_at=timezone.now(),
            measured_seconds=61,
            billed_seconds=120,
            cost_micro_per_minute=70_000,
            booked_at=timezone.now(),
        )
    page = text_of(ada.get("hms/terms/"))
    assert "Charged to clients 2 min What rounding earns 59 s · € 0.06 The minutes cost you € 0.08" in page
