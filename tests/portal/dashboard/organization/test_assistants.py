"""Assistants of a client's organization, changed live at HMS."""

from collections.abc import Iterator
from typing import Any

import pytest

from inbox import hms_targets
from organizations import reporting
from tenancy import door
from tests.portal.dashboard.organization.conftest import Inside
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db

NEW = {
    "name": "Front desk",
    "first_message": "Good day!",
    "system_prompt": "You take bookings.",
    "model_provider": "openai",
    "model": "gpt-4o",
    "voice_provider": "inworld",
    "voice": "v1",
    "language": "nl",
    "is_active": "on",
    "max_duration_seconds": "600",
}


def test_the_page_says_whose_organization_it_is(inside: Inside) -> None:
    page = inside.sees("assistants/")
    assert "Organization of Bakery" in page
    assert "Assistant" in page


def test_a_new_assistant_stands_at_hms_with_all_that_was_typed_and_reports_here(inside: Inside) -> None:
    assert inside.post("assistants/new/", **NEW).status_code == 302
    made = next(row for row in inside.hms.assistants.list() if row.name == "Front desk")
    assert (made.first_message, made.max_duration_seconds, made.is_active) == ("Good day!", 600, True)
    assert dict(made.tts_config or {}) == {"provider": "inworld", "voice": "v1"}
    assert (made.llm_config or {})["model"] == "gpt-4o"
    with door.enter(inside.acme):
        assert made.webhook_url == reporting.address(inside.organization.pk)


def test_an_assistant_that_asks_for_consent_answers_only_once_hms_has_the_question(inside: Inside) -> None:
    asks = NEW | {"consent_enabled": "on", "consent_message": "Press 1 to agree."}
    inside.post("assistants/new/", **asks)
    made = next(row for row in inside.hms.assistants.list() if row.name == "Front desk")
    assert (made.is_active, dict(made.recording_consent or {})) == (
        True,
        {"enabled": True, "message": "Press 1 to agree."},
    )
    inside.trouble("500", "PATCH", "assistants/")
    inside.post("assistants/new/", **asks | {"name": "Second desk"})
    assert not next(row for row in inside.hms.assistants.list() if row.name == "Second desk").is_active


def test_a_change_sends_what_differs_and_leaves_the_rest_of_a_block_alone(inside: Inside, first: str) -> None:
    tools = [{"type": "function", "name": "look_up"}]
    block = {"provider": "openai", "model": "gpt-4o", "tools": tools, "messages": [{"role": "user", "content": "x"}]}
    inside.hms.assistants.update(first, llm_config=block, voicemail_message="Call back")
    typed = inside.form(f"assistants/{first}/") | {"model": "gpt-5", "system_prompt": "Be kind."}
    assert inside.post(f"assistants/{first}/", **typed).status_code == 302
    now = inside.hms.assistants.get(first)
    assert (now.llm_config or {})["model"] == "gpt-5"
    assert [dict(each) for each in (now.llm_config or {})["tools"]] == tools  # type: ignore[union-attr,arg-type]
    assert [each["role"] for each in (now.llm_config or {})["messages"]] == ["system", "user"]  # type: ignore[union-attr,index,call-overload]
    assert now.voicemail_message == "Call back"


def test_a_change_made_elsewhere_meanwhile_is_shown_before_it_is_overwritten(inside: Inside, first: str) -> None:
    typed = inside.form(f"assistants/{first}/") | {"first_message": "Mine"}
    inside.hms.assistants.update(first, first_message="Theirs")
    page = inside.post(f"assistants/{first}/", **typed)
    assert "Somebody changed this at HMS meanwhile" in text_of(page)
    assert "At HMS now: Theirs" in str(page.context["form"].errors["first_message"])
    assert inside.hms.assistants.get(first).first_message == "Theirs"
    again = typed | {"seen": page.context["form"]["seen"].value()}
    assert inside.post(f"assistants/{first}/", **again).status_code == 302
    assert inside.hms.assistants.get(first).first_message == "Mine"


def test_what_hms_says_about_a_field_stands_beside_it(inside: Inside, first: str, monkeypatch: Any) -> None:
    from portal.dashboard.organization.assistants import AssistantForm

    monkeypatch.setattr(AssistantForm.base_fields["max_duration_seconds"], "validators", [])
    page = inside.post("assistants/new/", **NEW | {"max_duration_seconds": "0"})
    assert "HMS says: Invalid max_duration_seconds" in str(page.context["form"].errors["max_duration_seconds"])


def test_too_many_requests_are_said_in_place_with_the_wait_and_what_was_typed_stays(inside: Inside) -> None:
    inside.trouble("429", "POST", "assistants")
    page = inside.post("assistants/new/", **NEW)
    assert "Nothing was changed; try again in 1 second." in text_of(page)
    assert page.context["form"]["first_message"].value() == "Good day!"


def test_an_answer_that_was_lost_is_not_called_a_failure(inside: Inside) -> None:
    inside.trouble("lost", "POST", "assistants")
    assert "It may have been done all the same" in text_of(inside.post("assistants/new/", **NEW))
    assert [row.name for row in inside.hms.assistants.list()].count("Front desk") == 1


def test_when_hms_is_away_the_page_says_so(inside: Inside) -> None:
    inside.trouble("503", "GET", "assistants")
    assert "HMS does not show this right now" in inside.sees("assistants/")


def test_an_assistant_made_elsewhere_is_connected_on_a_click_and_its_former_address_kept(inside: Inside) -> None:
    made = inside.hms.assistants.create(
        name="Elsewhere",
        webhook_url="https://crm.test/hook/s3cret",
        webhook_secret="whsec_old",
        webhook_events=["tool-calls", "status-update"],
    )
    page = inside.get("assistants/")
    assert "Not connected" in text_of(page)
    assert b"s3cret" not in page.content
    assert inside.post(f"assistants/{made.id}/connect/").status_code == 302
    now = inside.hms.assistants.get(made.id)
    with door.enter(inside.acme):
        assert now.webhook_url == reporting.address(inside.organization.pk)
        former = reporting.former(inside.organization, made.id)
    assert set(now.webhook_events or ()) == {*reporting.EVENTS, "tool-calls"}
    assert former == reporting.Former("https://crm.test/hook/s3cret", "whsec_old", ("tool-calls", "status-update"))
    assert "s3cret" not in str(inside.organization.former_webhooks)
    assert "Not connected" not in inside.sees("assistants/")


def test_where_an_assistant_reported_before_becomes_the_clients_webhook(inside: Inside) -> None:
    url = "https://crm.test/hook/s3cret"
    made = inside.hms.assistants.create(
        name="Elsewhere", webhook_url=url, webhook_secret="whsec_old", webhook_events=["tool-calls"]
    )
    assert "becomes this client's webhook" in inside.sees(f"assistants/{made.id}/")
    inside.post(f"assistants/{made.id}/connect/")
    page = inside.get(f"assistants/{made.id}/")
    assert "They go on to crm.test, where it reported before." in text_of(page)
    assert b"s3cret" not in page.content
    with door.enter(inside.acme):
        target = hms_targets.of_organization(inside.organization.pk)
    assert target == hms_targets.Target(url, "whsec_old", ("tool-calls",))


def test_a_webhook_that_the_client_has_already_stays_and_the_page_says_so(inside: Inside) -> None:
    with door.enter(inside.acme):
        hms_targets.save(
            organization_id=inside.organization.pk, url="https://own.test/", secret="a secret", events=["tool-calls"]
        )
    made = inside.hms.assistants.create(name="Elsewhere", webhook_url="https://crm.test/hook")
    assert "hears nothing more: this client's webhook leads elsewhere" in inside.sees(f"assistants/{made.id}/")
    inside.post(f"assistants/{made.id}/connect/")
    page = inside.get(f"assistants/{made.id}/")
    assert "crm.test, where it reported before, hears nothing more" in text_of(page)
    assert f"/clients/{inside.client.pk}/webhooks/" in page.content.decode()
    with door.enter(inside.acme):
        target = hms_targets.of_organization(inside.organization.pk)
        former = reporting.former(inside.organization, made.id)
    assert target is not None
    assert target.url == "https://own.test/"
    assert former is not None
    assert former.url == "https://crm.test/hook"


def test_an_address_that_is_never_asked_is_kept_and_the_page_says_why(inside: Inside) -> None:
    made = inside.hms.assistants.create(name="Elsewhere", webhook_url="https://192.168.1.7/hook")
    inside.post(f"assistants/{made.id}/connect/")
    page = inside.get(f"assistants/{made.id}/")
    assert "192.168.1.7, where it reported before, cannot be sent anything from here." in text_of(page)
    assert "This address is inside a private network." in text_of(page)
    with door.enter(inside.acme):
        assert hms_targets.find(organization_id=inside.organization.pk) is None
        former = reporting.former(inside.organization, made.id)
    assert former is not None
    assert former.url == "https://192.168.1.7/hook"


def test_a_webhook_that_is_removed_later_leaves_nobody_who_hears(inside: Inside) -> None:
    made = inside.hms.assistants.create(name="Elsewhere", webhook_url="https://crm.test/hook")
    inside.post(f"assistants/{made.id}/connect/")
    with door.enter(inside.acme):
        hms_targets.clear(organization_id=inside.organization.pk)
    assert "this client has no webhook now" in inside.sees(f"assistants/{made.id}/")


def test_a_button_that_hms_refuses_is_explained_though_hms_does_not_even_show_the_list(
    inside: Inside, first: str
) -> None:
    inside.trouble("429", "DELETE", f"assistants/{first}")
    inside.trouble("429", "GET", "assistants")
    page = text_of(inside.post(f"assistants/{first}/remove/"))
    assert "Nothing was changed; try again in 1 second." in page


def test_an_assistant_is_removed_at_hms_and_once_more_does_no_harm(inside: Inside, first: str) -> None:
    for _time in range(2):
        assert inside.post(f"assistants/{first}/remove/").status_code == 302
    assert inside.hms.assistants.list() == ()


@pytest.fixture(params=[404, 403])
def as_hms_says_it(request: Any, inside: Inside) -> Iterator[None]:
    """HMS's two ways to say that a thing is another organization's."""
    inside.outside.turn("hms/settings", foreign_status=request.param)
    yield
    inside.outside.turn("hms/settings", foreign_status=404)


def test_an_assistant_of_another_client_is_a_page_that_does_not_exist(inside: Inside, as_hms_says_it: None) -> None:
    other = inside.neighbour()
    theirs = other.hms.assistants.list()[0].id
    assert inside.get(f"assistants/{theirs}/").status_code == 404
    assert inside.post(f"assistants/{theirs}/", **NEW).status_code == 404
    assert inside.post(f"assistants/{theirs}/connect/").status_code == 404
    inside.post(f"assistants/{theirs}/remove/")
    assert [each.id for each in other.hms.assistants.list()] == [theirs]


def test_whoever_only_looks_changes_nothing(inside: Inside, first: str, vic: Any, mia: Any) -> None:
    assert inside.get("assistants/", vic).status_code == 200
    assert inside.post("assistants/new/", vic, **NEW).status_code == 403
    assert inside.post(f"assistants/{first}/remove/", vic).status_code == 403
    assert inside.post("assistants/new/", mia, **NEW).status_code == 302


def test_one_goes_from_one_organization_to_another_and_stays_in_the_section(inside: Inside, ada: Any) -> None:
    other = inside.neighbour()
    assert "Bikes" in inside.sees("assistants/")
    answer = ada.get("clients/organization/", client=str(other.client.pk), section="assistants")
    assert answer.headers["Location"].endswith(f"{other.base}assistants/")
    assert ada.get("clients/organization/", client="x").headers["Location"].endswith("/clients/")


def test_an_organization_without_a_key_says_what_it_waits_for(ada: Any, acme: Any) -> None:
    from agencies import arrivals
    from people.models import User

    with door.enter(acme):
        client = arrivals.arrive(user=User.objects.create_user("new@client.test"), name="New")
    assert "It is not ready yet" in text_of(ada.get(f"clients/{client.pk}/organization/assistants/"))
