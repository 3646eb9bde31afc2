"""The HMS key: asked of HMS before it is kept; the minutes behind it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agencies import watch
from agencies.arrivals import arrive
from agencies.models import Agency, MinutesReading
from calls.models import Call
from follow_ups.models import FollowUp
from people.models import User
from portal.templatetags.figures import MINUS
from tenancy import door
from tests.support import hms_says
from tests.support.portal import text_of
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db


def test_a_key_that_hms_knows_is_kept_and_shows_the_minutes(ada, hms_key) -> None:
    assert ada.post("hms/", api_key=f"  {hms_key}\n").status_code == 302
    page = ada.get("hms/").content.decode()
    assert "500" in page
    assert hms_key not in page


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("sk_test_0123456789", "This is a key of Stripe."),
        ("pk_live_0123456789", "This is a key of Stripe."),
        ("hello", "An HMS key starts with fl_."),
        ("fl_live_nobodyknowsthis00000000", "HMS does not know this key."),
        ("", "required"),
    ],
)
def test_a_wrong_key_is_explained(ada, outside, key: str, sentence: str) -> None:
    page = ada.post("hms/", api_key=key)
    assert sentence in str(page.context["form"].errors["api_key"])
    assert not HMSConnection.objects.filter(api_key_sealed__isnull=False).exists()


def test_asking_again_brings_the_new_balance(ada, hms_key, outside) -> None:
    ada.post("hms/", api_key=hms_key)
    outside.turn(f"hms/organizations/{HMSConnection.objects.get().organization_id}/minutes", minutes=100)
    ada.post("hms/refresh/")
    assert HMSConnection.objects.get().seconds_left == 600 * 60


def test_one_organization_serves_one_agency(ada, gus, hms_key) -> None:
    ada.post("hms/", api_key=hms_key)
    assert "Another agency" in str(gus.post("hms/", api_key=hms_key).context["form"].errors["api_key"])


def test_keys_are_the_owners_business(mia, vic, hms_key) -> None:
    for person in (mia, vic):
        assert person.post("hms/", api_key=hms_key).status_code == 403


@pytest.fixture
def known(acme: Agency) -> HMSConnection:
    """Acme, connected, with 100 minutes left, and a client who holds 50 credits and talked for 70 minutes this week."""
    known = HMSConnection.objects.create(
        agency=acme,
        api_key_sealed=b"sealed",
        organization_name="Acme BV",
        seconds_left=6000,
        seconds_this_month=7260,
        checked_at=timezone.now(),
    )
    with door.enter(acme):
        client = arrive(user=User.objects.create_user("ben@client.test"), name="Ben")
        hms_says.top_up(client, 3000)
        for days in (0, 6):
            Call.objects.create(
                organization=client.organization,
                hms_id=f"call-{days}",
                status="ended",
                placed_at=timezone.now() - timedelta(days=days, hours=1),
                measured_seconds=2100,
            )
    return known


def test_the_page_says_what_is_left_and_whether_it_is_enough(ada, known: HMSConnection) -> None:
    page = text_of(ada.get("hms/"))
    for shown in (
        "Minutes left 100",
        "Used this month 121 Minutes, as HMS counts them",
        "They last for 10 days at 10 minutes a day",
        "Covered 200.0 % Credits your clients hold 50.00",
        "is looked at every 8 hours",
    ):
        assert shown in page
    HMSConnection.objects.update(seconds_left=1500)
    page = text_of(ada.get("hms/"))
    assert "Buy 25 minutes more at HMS to cover everything." in page
    assert "Covered 50.0 %" in page


def test_the_balance_of_each_day_is_a_bar_and_a_line_of_the_table(ada, acme: Agency, known: HMSConnection) -> None:
    today = timezone.localdate()
    for days, left in ((31, 9000), (2, 7200), (0, 6000)):
        MinutesReading.objects.create(agency=acme, on=today - timedelta(days=days), seconds_left=left)
    answer = ada.get("hms/")
    assert answer.content.decode().count("<rect") == 2
    page = text_of(answer)
    assert f"Today 100 {MINUS}20 min" in page
    assert " 120 –" in page


def test_the_owner_chooses_when_to_hear_of_it(ada, acme: Agency, known: HMSConnection) -> None:
    typed = {"low_minutes": "250", "low_days": "5", "floor_percent": "80", "stops_selling": "on"}
    assert ada.post("hms/alarms/", **typed).status_code == 302
    kept = watch.of(acme.pk)
    assert (kept.low_seconds, kept.low_days, kept.floor_percent, kept.stops_selling) == (15_000, 5, 80, True)
    assert FollowUp.objects.filter(agency=acme, kind="minutes").exists()
    refused = ada.post("hms/alarms/", **typed | {"floor_percent": "0"})
    assert "Choose one, such as 80." in text_of(refused)
    assert watch.of(acme.pk).floor_percent == 80


def test_managers_and_viewers_look_and_do_not_change(mia, vic, acme: Agency, known: HMSConnection) -> None:
    for person in (mia, vic):
        assert "Only the owner can change this." in text_of(person.get("hms/"))
        assert person.post("hms/alarms/", low_minutes="1", low_days="1", floor_percent="1").status_code == 403
        assert person.post("hms/terms/", rounding="60", cost="0.07").status_code == 403
        assert person.post("hms/terms/1/withdraw/").status_code == 403
    assert vic.post("hms/totals/compare/").status_code == 403
    assert mia.post("hms/totals/compare/").status_code == 302
    assert set(FollowUp.objects.values_list("kind", flat=True)) >= {"control", "quarantine"}
