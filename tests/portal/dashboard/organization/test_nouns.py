"""Numbers, templates, trunks, keys, voices and retention of a client's organization, changed live at HMS."""

import json
from typing import Any

import pytest

from organizations.configurations import COVER
from tests.portal.dashboard.organization.conftest import Inside
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db

TRUNK = {"name": "Main", "provider": "Voys", "address": "sip.voys.test", "transport": "tls", "auth_password": "s3cret"}
TOOL = {
    "name": "Look up",
    "tool_type": "function",
    "tool_config": '{"url": "https://x.test", "headers": {"X-Key": "k1"}}',
}
ANALYSIS = {"name": "Mood", "system_prompt": "Judge.", "user_prompt": "{transcript}", "schema": '{"type": "object"}'}


def test_a_number_is_registered_as_people_write_it_and_attached(inside: Inside, first: str) -> None:
    answer = inside.post("numbers/new/", phone_number="+31 20 765-4321", assistant_id=first, is_active="on")
    assert answer.status_code == 302
    made = next(row for row in inside.hms.numbers.list() if row.phone_number == "+31207654321")
    assert (made.assistant_id, made.is_active) == (first, True)
    assert "answered by Assistant" in inside.sees("numbers/")


@pytest.mark.parametrize("text", ["020 765 4321", "+31", "hello"])
def test_what_is_no_number_is_refused_before_hms_is_asked(inside: Inside, text: str) -> None:
    page = inside.post("numbers/new/", phone_number=text)
    assert "country code" in str(page.context["form"].errors["phone_number"])


def test_a_number_that_somebody_has_already_is_said_beside_it(inside: Inside) -> None:
    taken = inside.hms.numbers.list()[0].phone_number
    page = inside.post("numbers/new/", phone_number=taken, is_active="on")
    assert "already exists" in text_of(page)
    assert page.context["form"]["phone_number"].value() == taken


def test_a_number_is_attached_detached_and_given_a_trunk(inside: Inside, first: str) -> None:
    number = inside.hms.numbers.list()[0]
    trunk = inside.hms.sip_trunks.create(name="Main", provider="Voys", address="sip.voys.test")
    where = f"numbers/{number.id}/"
    attach = inside.form(where) | {"assistant_id": first, "transfer_trunk_id": trunk.id}
    assert inside.post(where, **attach).status_code == 302
    now = inside.hms.numbers.get(number.id)
    assert (now.assistant_id, now.transfer_trunk_id, now.is_active) == (first, trunk.id, True)
    assert "transfers over Main" in inside.sees("numbers/")
    inside.post(where, **inside.form(where) | {"assistant_id": "", "transfer_trunk_id": ""})
    now = inside.hms.numbers.get(number.id)
    assert (now.assistant_id, now.transfer_trunk_id) == (None, None)


def test_a_number_cannot_be_attached_to_what_another_client_has(inside: Inside) -> None:
    theirs = inside.neighbour().hms.assistants.list()[0].id
    page = inside.post("numbers/new/", phone_number="+31207654322", assistant_id=theirs, is_active="on")
    assert "assistant_id" in page.context["form"].errors


def test_a_trunks_password_goes_in_and_is_never_shown(inside: Inside) -> None:
    assert inside.post("trunks/new/", **TRUNK).status_code == 302
    assert "Voys · sip.voys.test · TLS" in inside.sees("trunks/")
    refused = inside.post("trunks/new/", **TRUNK | {"name": ""})
    assert b"s3cret" not in refused.content
    assert inside.get("trunks/").content.count(b"s3cret") == 0


def test_a_trunk_in_use_stays_and_the_list_says_why(inside: Inside) -> None:
    trunk = inside.hms.sip_trunks.create(name="Main", provider="Voys", address="sip.voys.test")
    inside.hms.numbers.update(inside.hms.numbers.list()[0].id, transfer_trunk_id=trunk.id)
    page = inside.post(f"trunks/{trunk.id}/remove/")
    assert "stands against this: SIP trunk is in use" in text_of(page)
    assert "Main" in text_of(page)


def test_a_providers_key_goes_in_replaces_and_is_removed(inside: Inside) -> None:
    assert inside.post("providers/new/", provider="openai", api_key=" sk-1234567890 ").status_code == 302
    assert inside.hms.byok.get().providers == ("openai",)
    page = inside.get("providers/")
    assert "OpenAI" in text_of(page)
    assert b"sk-1234567890" not in page.content
    short = inside.post("providers/new/", provider="openai", api_key="sk-1")
    assert "HMS says: Invalid api_key" in str(short.context["form"].errors["api_key"])
    assert b"sk-1" not in short.content
    inside.post("providers/openai/remove/")
    assert inside.hms.byok.get().providers == ()


def test_keys_and_trunks_are_the_owners_business(inside: Inside, mia: Any) -> None:
    assert inside.post("providers/new/", mia, provider="openai", api_key="sk-1234567890").status_code == 403
    assert inside.post("trunks/new/", mia, **TRUNK).status_code == 403
    assert inside.post("retention/", mia, content_days="30", metadata_days="30").status_code == 403
    assert inside.get("providers/new/", mia).status_code == 200


def test_a_tools_secrets_are_covered_and_stay_when_the_cover_comes_back(inside: Inside) -> None:
    assert inside.post("tools/new/", **TOOL).status_code == 302
    made = inside.hms.tool_templates.list()[0]
    page = inside.get(f"tools/{made.id}/")
    assert b"k1" not in page.content
    shown = inside.form(f"tools/{made.id}/")
    config = json.loads(shown["tool_config"])
    assert config == {"url": "https://x.test", "headers": {"X-Key": COVER}}
    changed = json.dumps(config | {"url": "https://y.test"})
    assert inside.post(f"tools/{made.id}/", **shown | {"tool_config": changed, "name": "Find"}).status_code == 302
    now = inside.hms.tool_templates.get(made.id)
    assert (now.name, (now.tool_config or {})["url"]) == ("Find", "https://y.test")
    assert dict((now.tool_config or {})["headers"]) == {"X-Key": "k1"}  # type: ignore[arg-type,call-overload]


@pytest.mark.parametrize(("text", "words"), [("{", "This is no JSON"), ("[1]", "must be a JSON object")])
def test_what_is_no_json_object_is_explained(inside: Inside, text: str, words: str) -> None:
    page = inside.post("tools/new/", **TOOL | {"tool_config": text})
    assert words in str(page.context["form"].errors["tool_config"])


def test_an_analysis_is_made_changed_and_removed(inside: Inside) -> None:
    assert inside.post("analyses/new/", **ANALYSIS).status_code == 302
    made = inside.hms.analysis_templates.list()[0]
    assert dict(made.schema or {}) == {"type": "object"}
    where = f"analyses/{made.id}/"
    inside.post(where, **inside.form(where) | {"schema": '{"type": "object", "properties": {"mood": {}}}'})
    assert set(inside.hms.analysis_templates.get(made.id).schema or ()) == {"type", "properties"}
    inside.post(f"{where}remove/")
    assert inside.hms.analysis_templates.list() == ()


def test_voices_are_listed_with_what_they_sound_like(inside: Inside) -> None:
    assert "Anna nl · Warm · voice-anna" in inside.sees("voices/")


def test_retention_is_set_at_hms_and_noted(inside: Inside) -> None:
    assert "does not say what is set now" in inside.sees("retention/")
    assert inside.post("retention/", content_days="30", metadata_days="90").status_code == 302
    organization = inside.organization
    assert (organization.content_days, organization.metadata_days) == (30, 90)
    assert "does not say what is set now" not in inside.sees("retention/")


def test_what_was_said_is_not_kept_longer_than_the_calls(inside: Inside) -> None:
    page = inside.post("retention/", content_days="365", metadata_days="90")
    assert "cannot be kept longer" in str(page.context["form"].errors["content_days"])
    assert inside.organization.content_days is None


def test_retention_that_hms_does_not_take_is_not_noted(inside: Inside) -> None:
    inside.trouble("429", "PATCH", "organizations")
    page = inside.post("retention/", content_days="30", metadata_days="90")
    assert "Nothing was changed" in text_of(page)
    assert inside.organization.content_days is None
