"""Tools of a client's own system: what may be one, how its secrets are kept, and where they are not sent."""

import json
from typing import Any

import pytest

from agencies.models import Agency
from organizations import custom_tools
from organizations.configurations import COVER
from organizations.custom_tools import CustomTool, NoSuchTool, WrongTool
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import Hms
from vault import envelope

pytestmark = pytest.mark.django_db

FIND: dict[str, Any] = {
    "name": "find_customer",
    "description": "Finds a customer by telephone number.",
    "parameters": {"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}},
    "url": "https://crm.example.com/find",
    "headers": {"Authorization": "Bearer s3cret"},
    "secret": "a signing secret",
    "timeout_seconds": 5,
}


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says)


def add(organization: Organization, **changed: Any) -> CustomTool:
    return custom_tools.add(organization=organization, **FIND | changed)


def change(organization: Organization, **changed: Any) -> CustomTool:
    return custom_tools.change(organization=organization, **FIND | {"headers": {"Authorization": COVER}} | changed)


def test_a_tool_is_kept_with_its_secrets_sealed(ben: Organization) -> None:
    add(ben)
    kept = Organization.objects.get(pk=ben.pk)
    assert "s3cret" not in json.dumps(kept.custom_tools)
    assert "signing" not in json.dumps(kept.custom_tools)
    tool = custom_tools.find(kept, "find_customer")
    opened = custom_tools.opened(kept, tool)
    assert (opened.headers, opened.secret) == (FIND["headers"], FIND["secret"])
    assert "s3cret" not in f"{tool!r}{opened!r}"


def test_what_describes_it_keeps_its_order_as_it_was_typed(ben: Organization) -> None:
    add(ben)
    tool = custom_tools.find(Organization.objects.get(pk=ben.pk), "find_customer")
    assert list(tool.parameters["properties"]) == ["z", "a"]
    assert tool.entry() == {name: FIND[name] for name in ("name", "description", "parameters")}


def test_secrets_that_are_moved_to_another_tool_or_organization_do_not_open(ben: Organization, says: Hms) -> None:
    add(ben)
    add(ben, name="other")
    zoe = hms_says.ready(says, "Zoe")
    Organization.objects.filter(pk=zoe.pk).update(custom_tools=ben.custom_tools)
    ben.custom_tools["other"] = ben.custom_tools["find_customer"]
    with pytest.raises(envelope.CannotOpen):
        custom_tools.opened(ben, custom_tools.find(ben, "other"))
    with pytest.raises(envelope.CannotOpen):
        custom_tools.opened(zoe, custom_tools.find(Organization.objects.get(pk=zoe.pk), "find_customer"))


def test_without_a_secret_one_is_made_up(ben: Organization) -> None:
    assert len(custom_tools.opened(ben, add(ben, secret="")).secret) >= 24


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "find customer"}, "name"),
        ({"name": "1st"}, "name"),
        ({"name": "x" * 49}, "name"),
        ({"name": "End_Call"}, "name"),
        ({"name": "search_knowledge"}, "name"),
        ({"description": " "}, "description"),
        ({"description": "x" * 1001}, "description"),
        ({"parameters": {"type": "string"}}, "parameters"),
        ({"url": "ftp://crm.example.com"}, "url"),
        ({"url": "https://10.0.0.1/find"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://user:pass@crm.example.com/"}, "url"),
        ({"url": "https://acme.portal.localhost/"}, "url"),
        ({"headers": {"X-Key": COVER}}, "headers"),
        ({"headers": {"Host": "elsewhere.test"}}, "headers"),
        ({"headers": {"X-Key": "a\r\nX-Other: b"}}, "headers"),
        ({"secret": "short"}, "secret"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": 9}, "timeout_seconds"),
    ],
)
def test_what_cannot_be_a_tool_is_refused_with_its_field_and_nothing_is_kept(
    ben: Organization, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(WrongTool) as refused:
        add(ben, **changed)
    assert refused.value.field == field
    assert Organization.objects.get(pk=ben.pk).custom_tools == {}


def test_a_name_is_there_once_whatever_its_case(ben: Organization) -> None:
    add(ben)
    with pytest.raises(WrongTool):
        add(ben, name="Find_Customer")


def test_a_client_has_no_more_tools_than_a_model_can_keep_apart(ben: Organization) -> None:
    for serial in range(custom_tools.MOST):
        add(ben, name=f"tool_{serial}")
    with pytest.raises(WrongTool):
        add(ben)


def test_a_change_keeps_covered_headers_and_a_blank_secret(ben: Organization) -> None:
    add(ben)
    changed = change(ben, url="https://crm.example.com/v2", secret="")
    opened = custom_tools.opened(ben, changed)
    assert (changed.url, opened.headers, opened.secret) == (
        "https://crm.example.com/v2",
        FIND["headers"],
        FIND["secret"],
    )
    assert custom_tools.opened(ben, change(ben, headers={}, secret="another secret")).headers == {}


@pytest.mark.parametrize(
    "url",
    ["https://evil.example.com/find", "https://crm.example.com:8443/find", "https://crm.example.com.evil.test/find"],
)
def test_a_header_that_nobody_sees_is_not_sent_to_another_host(ben: Organization, url: str) -> None:
    add(ben)
    with pytest.raises(WrongTool) as refused:
        change(ben, url=url)
    assert refused.value.field == "headers"
    moved = change(ben, url=url, headers={"Authorization": "Bearer new"})
    assert custom_tools.opened(ben, moved).headers == {"Authorization": "Bearer new"}


def test_a_tool_that_is_removed_is_forgotten(ben: Organization) -> None:
    add(ben)
    custom_tools.remove(organization=ben, name="find_customer")
    custom_tools.remove(organization=ben, name="find_customer")
    assert Organization.objects.get(pk=ben.pk).custom_tools == {}
    with pytest.raises(NoSuchTool):
        custom_tools.find(ben, "find_customer")
    with pytest.raises(NoSuchTool):
        change(ben)
