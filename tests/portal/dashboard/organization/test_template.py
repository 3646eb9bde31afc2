"""The agency's template assistant: chosen or copied from a client's, and what new clients begin with."""

from typing import Any

import pytest

from agencies.models import Agency
from hms_client import HMSClient
from organizations import hms, reporting
from tenancy import door
from tests.portal.dashboard.organization.conftest import Inside
from tests.support.portal import text_of
from vault import connections
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db
BLOCK = {"provider": "openai", "model": "m", "tools": [{"type": "function", "name": "book"}]}


def own(inside: Inside) -> HMSClient:
    """The agency's own organization at HMS."""
    with door.enter(inside.acme):
        return hms.for_agency()


def make(inside: Inside, **fields: Any) -> str:
    """A template in the agency's organization, chosen."""
    made = own(inside).assistants.create(name="Model desk", first_message="Moin", llm_config=BLOCK, **fields)
    assert inside.person.post("hms/template/", assistant=made.id).status_code == 302
    return str(made.id)


def test_a_new_client_begins_with_a_copy_that_reports_here_alone(inside: Inside) -> None:
    make(inside, webhook_url="https://elsewhere.test/x", webhook_secret="w")
    other = inside.neighbour()
    (row,) = other.hms.assistants.list()
    assert (row.name, row.first_message, row.is_active) == ("Model desk", "Moin", True)
    assert (row.llm_config or {})["model"] == "m"
    with door.enter(inside.acme):
        assert row.webhook_url == reporting.address(other.organization.pk)


def test_a_copy_asks_for_consent_as_its_template_does(inside: Inside) -> None:
    template = make(inside)
    asks = {"enabled": True, "message": "Press 1."}
    own(inside).assistants.update(template, recording_consent=asks)
    (row,) = inside.neighbour().hms.assistants.list()
    assert (dict(row.recording_consent or {}), row.is_active) == (asks, True)


@pytest.mark.parametrize(("is_kept", "left"), [(False, []), (True, [False])])
def test_a_copy_that_did_not_get_its_question_is_taken_away_or_at_least_off(
    inside: Inside, is_kept: bool, left: list[bool]
) -> None:
    template = make(inside)
    own(inside).assistants.update(template, recording_consent={"enabled": True, "message": "Press 1."})
    inside.trouble("503", "PATCH", "assistants/")
    if is_kept:
        inside.trouble("503", "DELETE", "assistants/")
    inside.post("assistants/from-template/")
    assert [row.is_active for row in inside.hms.assistants.list() if row.name == "Model desk"] == left


def test_a_template_that_is_gone_at_hms_lets_clients_begin_with_a_plain_assistant(inside: Inside) -> None:
    own(inside).assistants.delete(make(inside))
    assert [row.name for row in inside.neighbour().hms.assistants.list()] == ["Assistant"]


def test_a_clients_assistant_becomes_the_template_as_a_copy_that_takes_no_calls(inside: Inside, first: str) -> None:
    inside.hms.assistants.update(first, name="Works well", llm_config=BLOCK)
    assert inside.post(f"assistants/{first}/template/").status_code == 302
    (row,) = own(inside).assistants.list()
    assert (row.name, row.is_active, row.webhook_url) == ("Works well", False, None)
    assert HMSConnection.objects.get().template_assistant_id == row.id
    assert [row.name for row in inside.neighbour().hms.assistants.list()] == ["Works well"]


def test_the_template_is_copied_into_an_organization_on_a_click(inside: Inside) -> None:
    assert "From your template" not in inside.sees("assistants/")
    make(inside)
    assert "From your template" in inside.sees("assistants/")
    assert inside.post("assistants/from-template/").status_code == 302
    assert {row.name for row in inside.hms.assistants.list()} == {"Assistant", "Model desk"}


def test_only_assistants_of_ones_own_organization_can_be_chosen(inside: Inside, first: str, vic: Any) -> None:
    assert "assistant" in inside.person.post("hms/template/", assistant=first).context["form"].errors
    assert vic.post("hms/template/", assistant="").status_code == 403
    assert "begins with" not in text_of(vic.get("hms/template/"))


@pytest.mark.parametrize(("organization_id", "kept"), [("o1", "a1"), ("o2", "")])
def test_a_template_belongs_to_the_organization_that_it_was_chosen_in(
    acme: Agency, organization_id: str, kept: str
) -> None:
    known = {"agency_id": acme.pk, "organization_name": "Acme", "seconds_left": 0}
    connections.save_hms_key(**known, api_key="fl_live_0123456789abcdef", organization_id="o1")
    HMSConnection.objects.update(template_assistant_id="a1")
    connections.save_hms_key(**known, api_key="fl_live_fedcba9876543210", organization_id=organization_id)
    assert HMSConnection.objects.get().template_assistant_id == kept


def test_without_hms_the_page_says_so_and_keeps_what_was_chosen(inside: Inside) -> None:
    template = make(inside)
    inside.trouble("503", "GET", "assistants")
    assert "Please look again" in text_of(inside.person.get("hms/template/"))
    assert HMSConnection.objects.get().template_assistant_id == template
