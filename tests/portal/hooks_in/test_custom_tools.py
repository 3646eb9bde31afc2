"""A client's own tools, called by an assistant: its system is asked in time, and there is always something to say."""

import ipaddress
import json
from collections.abc import Iterator
from typing import Any

import pytest

from agencies.models import Agency
from hms_client import signatures
from inbox import hms_endpoints, hms_targets
from organizations import custom_tools
from organizations.models import Delivery, Organization
from tenancy import door
from tests.support import endpoint as endpoints
from tests.support import hms_says
from tests.support.endpoint import Endpoint
from tests.support.hms_posts import call_of, call_tools
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db
Ours = hms_endpoints.Endpoint
PHONE = {"type": "object", "properties": {"phone": {"type": "string"}, "share": {}}, "required": ["phone"]}
OUT_OF_ORDER = {"error": "The system behind this does not answer right now. Say so, and offer to call back."}


@pytest.fixture
def crm() -> Iterator[Endpoint]:
    with endpoints.listening() as found:
        yield found


def keep(acme: Agency, ben: Organization, url: str, name: str = "find_customer", **changed: Any) -> None:
    tool = {
        "name": name,
        "description": "Finds a customer.",
        "parameters": PHONE,
        "url": url,
        "headers": {"Authorization": "Bearer s3cret"},
        "secret": "a signing secret",
        "timeout_seconds": 1,
    }
    with door.enter(acme):
        custom_tools.add(organization=ben, **tool | changed)  # type: ignore[arg-type]


@pytest.fixture
def tool(acme: Agency, ben: Organization, crm: Endpoint) -> None:
    keep(acme, ben, crm.url)


def rows(acme: Agency) -> list[tuple[str, str, int | None, str]]:
    with door.enter(acme):
        return [(row.event, row.state, row.status, row.why) for row in Delivery.objects.order_by("created_at")]


def result(said: dict[str, Any]) -> Any:
    assert [row["tool_call_id"] for row in said["results"]] == ["t1"]
    return said["results"][0]["result"]


def ask(ours: Ours, name: str = "find_customer", **arguments: Any) -> Any:
    return result(call_tools(ours, call_of(name, **{"phone": "+31201234567"} | arguments), call="call-1"))


def test_its_system_gets_name_arguments_and_call_with_sealed_headers_and_a_signature(
    ours: Ours, tool: None, crm: Endpoint
) -> None:
    crm.says(b'{"name": "Ann", "visits": 3, "share": 0.5}')
    assert ask(ours, share=0.25) == {"name": "Ann", "visits": 3, "share": 0.5}
    (request,) = crm.requests
    assert request.line.startswith("POST /hooks ")
    body = {"name": "find_customer", "arguments": {"phone": "+31201234567", "share": 0.25}, "call_id": "call-1"}
    assert json.loads(request.body) == body
    sent = request.headers
    assert (sent["authorization"], sent["x-webhook-event"]) == ("Bearer s3cret", "custom-tool")
    timestamp = sent["x-webhook-timestamp"]
    signatures.verify(
        body=request.body,
        timestamp=timestamp,
        signature=sent["x-webhook-signature"],
        secret="a signing secret",
        now=int(timestamp),
    )


@pytest.mark.parametrize(
    ("said", "heard"),
    [(b"", "Done."), (b'"Booked."', "Booked."), (b"Booked for ten.", "Booked for ten."), (b"[1, 2]", [1, 2])],
)
def test_any_answer_of_its_system_becomes_the_result(
    ours: Ours, tool: None, crm: Endpoint, said: bytes, heard: Any
) -> None:
    crm.says(said)
    assert ask(ours) == heard


@pytest.mark.parametrize(
    ("status", "body", "heard"),
    [
        ("404 Not Found", b'{"error": "No customer with this number."}', {"error": "No customer with this number."}),
        ("404 Not Found", b"<html>", OUT_OF_ORDER),
        ("500 Oops", b"", OUT_OF_ORDER),
        ("302 Found", b"", OUT_OF_ORDER),
        ("200 OK", b'"' + b"x" * 20_000 + b'"', {"error": "The answer was too long to be read. Ask for less."}),
    ],
)
def test_a_no_of_its_system_becomes_a_sentence_that_the_assistant_can_say(
    ours: Ours, tool: None, crm: Endpoint, status: str, body: bytes, heard: Any
) -> None:
    crm.says(body, status, "Location: http://127.0.0.1:1/\r\n" if status.startswith("302") else "")
    assert ask(ours) == heard
    assert len(crm.requests) == 1


def test_a_system_that_says_nothing_in_time_is_given_up(acme: Agency, ours: Ours, tool: None, crm: Endpoint) -> None:
    crm.hangs()
    assert ask(ours) == OUT_OF_ORDER
    assert rows(acme) == [("tool:find_customer", "failed", None, "time")]
    with door.enter(acme):
        assert 900 <= (Delivery.objects.get().latency_ms or 0) < 7_000


def test_a_system_that_failed_too_often_is_not_asked_any_more(
    acme: Agency, ours: Ours, tool: None, crm: Endpoint
) -> None:
    crm.says(b"", "500 Oops")
    for _each in range(6):
        assert ask(ours) == OUT_OF_ORDER
    assert len(crm.requests) == 5
    assert rows(acme)[-1] == ("tool:find_customer", "failed", None, "busy")


def test_each_use_is_written_down_without_what_was_said(acme: Agency, ours: Ours, tool: None) -> None:
    ask(ours)
    with door.enter(acme):
        (row,) = Delivery.objects.all()
    assert (row.state, row.status, row.call_id, row.attempts) == ("delivered", 200, "call-1", 1)
    assert (row.body_sealed, row.is_private) == (None, False)


def test_arguments_that_do_not_fit_are_not_sent(ours: Ours, tool: None, crm: Endpoint) -> None:
    assert "is not of type 'string'" in ask(ours, phone=7)["error"]
    assert crm.requests == []


@pytest.mark.parametrize("url", ["http://127.0.0.2:9/x", "http://169.254.169.254/x", "http://10.0.0.7/x"])
def test_an_address_inside_a_private_network_is_never_asked(
    acme: Agency, ben: Organization, ours: Ours, settings: Any, url: str
) -> None:
    settings.OUTSIDE_NETWORKS = [ipaddress.ip_network("0.0.0.0/0")]
    keep(acme, ben, url)
    settings.OUTSIDE_NETWORKS = []
    assert ask(ours) == OUT_OF_ORDER
    assert rows(acme) == [("tool:find_customer", "failed", None, "address")]


def test_a_tool_of_another_client_is_not_found(acme: Agency, ours: Ours, says: Hms, crm: Endpoint) -> None:
    with door.enter(acme):
        zoe = hms_says.ready(says, "Zoe")
    keep(acme, zoe, crm.url)
    assert call_tools(ours, call_of("find_customer", phone="1")) == {"error": "This tool cannot be reached right now."}
    assert crm.requests == []


def test_tools_and_the_clients_endpoint_answer_one_message_together(
    acme: Agency, ben: Organization, ours: Ours, tool: None, crm: Endpoint
) -> None:
    crm.says(b'"Ann"')
    with endpoints.listening() as calendar, endpoints.listening() as own:
        keep(acme, ben, calendar.url, "free_times", parameters={})
        calendar.says(b'"ten o\'clock"')
        own.says(b'{"results": [{"tool_call_id": "t3", "result": "mine"}]}')
        with door.enter(acme):
            hms_targets.save(organization_id=ben.pk, url=own.url, secret="a secret of ben", events=hms_targets.EVENTS)
        said = call_tools(
            ours, call_of("find_customer", "t1", phone="1"), call_of("free_times", "t2"), call_of("theirs", "t3")
        )
        (left,) = own.requests
    assert [row["result"] for row in said["results"]] == ["Ann", "ten o'clock", "mine"]
    assert [entry["id"] for entry in json.loads(left.body)["message"]["tool_call_list"]] == ["t3"]
    assert [row[:3] for row in sorted(rows(acme))] == [
        ("tool-calls", "delivered", 200),
        ("tool:find_customer", "delivered", 200),
        ("tool:free_times", "delivered", 200),
    ]
