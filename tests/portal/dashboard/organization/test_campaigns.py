"""Campaigns: made with leads that were looked at, started when the client's credits cover them, paused, resumed."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from calls.models import Call
from clients.models import Client
from tenancy import door
from tests.portal.dashboard.organization.conftest import Inside
from tests.support import hms_says
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db

LEADS = "phone_number,name\n+31 20 123 4567,Ann\n020 123,Bob\n+31201234568,Cas\n"
NEW = {
    "name": "Spring",
    "schedule_start_time": "09:00",
    "schedule_end_time": "17:00",
    "timezone": "Europe/Amsterdam",
    "system_message_template": "Call {{name}}.",
}


def made(inside: Inside, first: str, **form: Any) -> Any:
    """A campaign of Ann and Cas, as somebody makes it who looks before sending."""
    typed = {**NEW, "assistant_id": first, "leads_text": LEADS, **form}
    page = inside.post("campaigns/new/", **typed)
    typed["previewed"] = page.context["form"]["previewed"].value()
    assert inside.post("campaigns/new/", **typed).status_code == 302
    return inside.hms.campaigns.list()[0]


def top_up(inside: Inside, seconds: int) -> None:
    with door.enter(inside.acme):
        hms_says.top_up(inside.client, seconds)


def press(inside: Inside, campaign: Any, what: str) -> str:
    """What the page says after the button: of the list it is left on, or led to."""
    answer = inside.post(f"campaigns/{campaign.id}/{what}/")
    return text_of(answer) if answer.status_code == 200 else inside.sees("campaigns/")


def test_leads_are_shown_line_by_line_before_anything_is_sent(inside: Inside, first: str) -> None:
    file = SimpleUploadedFile("leads.csv", LEADS.encode())
    page = inside.post("campaigns/new/", **NEW, assistant_id=first, leads_file=file)
    said = text_of(page)
    assert "2 leads were understood" in said
    assert "line 2: +31201234567 · name: Ann" in said
    assert "line 3: Please write the number with its country code" in said
    assert inside.hms.campaigns.list() == ()
    form = page.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if name != "leads_file"}
    assert inside.post("campaigns/new/", **sent).status_code == 302
    campaign = inside.hms.campaigns.list()[0]
    assert (campaign.status, campaign.total_leads, campaign.schedule_start_time) == ("draft", 2, "09:00:00")
    assert {dict(each.variables or {})["name"] for each in inside.hms.campaigns.list_leads(campaign.id)} == {
        "Ann",
        "Cas",
    }


def test_leads_that_were_altered_after_the_look_are_shown_again(inside: Inside, first: str) -> None:
    typed = {**NEW, "assistant_id": first, "leads_text": LEADS}
    shown = inside.post("campaigns/new/", **typed).context["form"]["previewed"].value()
    page = inside.post("campaigns/new/", **typed | {"previewed": shown, "leads_text": LEADS + "+31201234569,Dan\n"})
    assert "3 leads were understood" in text_of(page)
    assert inside.hms.campaigns.list() == ()


def test_a_campaign_starts_only_when_the_credits_cover_its_leads(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    top_up(inside, 239)
    assert "2 leads are expected to take 240 s, and 239 s are available" in press(inside, campaign, "start")
    assert inside.hms.campaigns.get(campaign.id).status == "draft"
    top_up(inside, 1)
    assert "Running" in press(inside, campaign, "start")
    assert inside.hms.campaigns.get(campaign.id).status == "scheduled"
    assert "Paused" in press(inside, campaign, "pause")
    assert inside.hms.campaigns.get(campaign.id).status == "paused"


def test_resuming_asks_the_same_again(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    inside.hms.campaigns.update(campaign.id, status="paused")
    assert "would not start" in press(inside, campaign, "start")
    assert inside.hms.campaigns.get(campaign.id).status == "paused"


def test_what_calls_took_so_far_says_what_a_lead_takes(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    with door.enter(inside.acme):
        organization = inside.organization
        for number in range(10):
            booked = {"billed_seconds": 31 if number % 2 else None, "booked_at": organization.active_at}
            Call.objects.create(
                organization=organization,
                hms_id=f"c{number}",
                status="ended",
                direction="outbound",
                placed_at=organization.active_at,
                **booked,
            )
    page = inside.sees(f"campaigns/{campaign.id}/")
    assert "As the client's latest 10 outbound calls took." in page
    assert "Expected for each 16 s" in page
    top_up(inside, 32)
    assert "Running" in press(inside, campaign, "start")


def test_the_assistant_of_a_campaign_has_a_maximum_when_it_starts(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    inside.hms.assistants.update(first, max_duration_seconds=7200)
    top_up(inside, 6000)
    press(inside, campaign, "start")
    assert inside.hms.assistants.get(first).max_duration_seconds == 1800


def test_a_suspended_client_starts_no_campaign(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    top_up(inside, 6000)
    with door.enter(inside.acme):
        Client.objects.filter(pk=inside.client.pk).update(state=Client.State.SUSPENDED)
    assert "suspended: no call starts" in press(inside, campaign, "start")


def test_a_campaign_without_leads_is_not_started(inside: Inside, first: str) -> None:
    inside.post("campaigns/new/", **NEW, assistant_id=first)
    top_up(inside, 6000)
    assert "Nobody is left to ring" in press(inside, inside.hms.campaigns.list()[0], "start")


def test_leads_are_added_later_and_nobody_twice(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    where = f"campaigns/{campaign.id}/leads/"
    text = "phone_number,name\n+31201234567,Ann\n+31201234560,Zoe\n"
    page = inside.post(where, leads_text=text)
    assert "This number is in the campaign already" in text_of(page)
    assert inside.post(where, leads_text=text, previewed=page.context["form"]["previewed"].value()).status_code == 302
    assert len(inside.hms.campaigns.list_leads(campaign.id)) == 3


def test_when_hms_wants_a_pause_the_leads_that_are_left_stay_on_the_page(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    where = f"campaigns/{campaign.id}/leads/"
    text = "phone_number,name\n+31201234560,Zoe\n"
    shown = inside.post(where, leads_text=text).context["form"]["previewed"].value()
    inside.trouble("429", "POST", f"campaigns/{campaign.id}/leads")
    page = inside.post(where, leads_text=text, previewed=shown)
    assert "try again in 1 second" in text_of(page)
    assert page.context["form"]["leads_text"].value() == "phone_number,name\n+31201234560,Zoe"
    assert len(inside.hms.campaigns.list_leads(campaign.id)) == 2


def test_a_campaign_is_changed_and_what_is_wrong_stands_beside_its_field(inside: Inside, first: str) -> None:
    campaign = made(inside, first)
    where = f"campaigns/{campaign.id}/"
    typed = inside.form(where)
    assert inside.post(where, **typed | {"name": "Autumn", "schedule_end_time": "18:30"}).status_code == 302
    now = inside.hms.campaigns.get(campaign.id)
    assert (now.name, now.schedule_end_time) == ("Autumn", "18:30:00")
    late = inside.post(where, **inside.form(where) | {"schedule_end_time": "08:00", "timezone": "Mars"})
    assert set(late.context["form"].errors) == {"schedule_end_time", "timezone"}


def test_whoever_only_looks_starts_nothing(inside: Inside, first: str, vic: Any) -> None:
    campaign = made(inside, first)
    for what in ("start", "pause", "leads"):
        assert inside.post(f"campaigns/{campaign.id}/{what}/", vic).status_code == 403
    assert "Start" not in text_of(inside.get(f"campaigns/{campaign.id}/", vic))
