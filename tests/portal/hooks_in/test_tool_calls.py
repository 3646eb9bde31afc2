"""Tools of ours, called by an assistant: answered here and together, the rest by the client's endpoint."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from agencies.models import Agency
from inbox import hms_endpoints, hms_targets
from organizations import relay, tool_calls
from organizations.models import Delivery, Organization
from organizations.relay import Purpose
from organizations.tools import Later, Tool, ToolCall, ToolFailed
from outside.lanes import Lanes
from tenancy import door
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint
from tests.support.hms_posts import call_of, call_tools, post

pytestmark = pytest.mark.django_db
Ours = hms_endpoints.Endpoint


@pytest.fixture
def there(acme: Agency, ben: Organization, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr(relay, "LANES", Lanes())
    monkeypatch.setattr(relay, "_WITHIN_MS", {Purpose.TOOL: 900})
    with endpoints.listening() as found:
        with door.enter(acme):
            hms_targets.save(organization_id=ben.pk, url=found.url, secret="a secret of ben", events=hms_targets.EVENTS)
        yield found


def echo(call: ToolCall) -> Any:
    return {"heard": call.arguments, "during": call.hms_call_id, "in": connection.schema_name}


def refuse(call: ToolCall) -> Any:
    raise ToolFailed("Ask me something else.")


def breaks(call: ToolCall) -> Any:
    raise ZeroDivisionError


def waits(call: ToolCall, seconds: float = 0.3) -> Later:
    def wait(within_ms: int) -> Any:
        time.sleep(min(seconds, within_ms / 1_000))
        return {"waited": connection.schema_name}

    return Later(wait)


def wait_and(raised: Exception, call: ToolCall) -> Later:
    def wait(within_ms: int) -> Any:
        raise raised

    return Later(wait)


TOOLS: dict[str, Tool] = {
    "echo": echo,
    "refuse": refuse,
    "breaks": breaks,
    "waits": waits,
    "waits_long": partial(waits, seconds=30),
    "fails_later": partial(wait_and, ToolFailed("Nobody is there.")),
    "breaks_later": partial(wait_and, ZeroDivisionError()),
}


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(organization_id: UUID, names: frozenset[str]) -> Mapping[str, Tool]:
        return {name: tool for name, tool in TOOLS.items() if name in names}

    monkeypatch.setattr(tool_calls, "FINDERS", (find,))


def results(answer: Any) -> dict[str, Any]:
    return {row["tool_call_id"]: row["result"] for row in answer["results"]}


def test_a_tool_of_ours_answers_without_the_endpoint_being_asked(
    acme: Agency, ours: Ours, ben: Organization, there: Endpoint
) -> None:
    answer = call_tools(ours, call_of("echo", "t1", question="When?", times=2))
    heard = {"heard": {"question": "When?", "times": 2}, "during": "c1", "in": acme.schema_name}
    assert answer == {"results": [{"tool_call_id": "t1", "result": heard}]}
    assert there.requests == []
    with door.enter(acme):
        assert not Delivery.objects.exists()


def test_the_endpoint_answers_for_what_is_not_ours_and_hears_of_nothing_else(ours: Ours, there: Endpoint) -> None:
    there.says(b'{"results": [{"tool_call_id": "t2", "result": {"price": 1.5}}, {"tool_call_id": "t1", "result": 0}]}')
    answer = call_tools(ours, call_of("echo", "t1"), call_of("book", "t2", at=1.25), call_of("echo", "t3"))
    assert [row["tool_call_id"] for row in answer["results"]] == ["t1", "t2", "t3"]
    assert results(answer)["t2"] == {"price": 1.5}
    assert results(answer)["t1"]["heard"] == {}
    listed = json.loads(there.requests[0].body)["message"]["tool_call_list"]
    assert listed == [call_of("book", "t2", at=1.25)]


@pytest.mark.parametrize(
    ("said", "result"),
    [
        (b'{"result": {"free": true}}', {"free": True}),
        (b'{"free": true}', {"free": True}),
        (b'{"error": "Closed."}', {"error": "Closed."}),
        (b'{"results": [{"tool_call_id": "t9", "result": 1}]}', {"error": "This tool cannot be reached right now."}),
        (b"nonsense", {"error": "This tool cannot be reached right now."}),
    ],
)
def test_each_form_of_an_endpoints_answer_is_understood(said: bytes, result: Any, ours: Ours, there: Endpoint) -> None:
    there.says(said)
    answer = results(call_tools(ours, call_of("echo", "t1"), call_of("book", "t2")))
    assert answer["t2"] == result
    assert "heard" in answer["t1"]


def test_a_tool_that_fails_fails_alone(ours: Ours) -> None:
    names = ["refuse", "breaks", "fails_later", "breaks_later", "unknown", "echo"]
    answer = results(call_tools(ours, *(call_of(name, name) for name in names)))
    sentence = {"error": "This tool cannot be reached right now."}
    assert answer["refuse"] == {"error": "Ask me something else."}
    assert answer["fails_later"] == {"error": "Nobody is there."}
    assert [answer[name] for name in ("breaks", "breaks_later", "unknown")] == [sentence] * 3
    assert "heard" in answer["echo"]


def test_what_is_waited_for_is_waited_for_together(ours: Ours, there: Endpoint) -> None:
    there.hangs()
    started = time.monotonic()
    answer = results(call_tools(ours, call_of("waits", "t1"), call_of("waits", "t2"), call_of("book", "t3")))
    assert time.monotonic() - started < 1.4  # the endpoint alone takes 0.9 seconds
    assert answer["t1"] == answer["t2"] == {"waited": "public"}
    assert "error" in answer["t3"]


def test_a_tool_that_is_late_costs_the_others_nothing(ours: Ours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_calls, "WITHIN_MS", 400)
    started = time.monotonic()
    slow = threading.Event()
    monkeypatch.setitem(TOOLS, "waits_long", lambda call: Later(lambda within_ms: slow.wait(5)))
    answer = results(call_tools(ours, call_of("waits_long", "t1"), call_of("echo", "t2"), call_of("waits", "t3")))
    assert time.monotonic() - started < 2
    slow.set()
    assert answer["t1"] == {"error": "This tool cannot be reached right now."}
    assert "heard" in answer["t2"]
    assert answer["t3"] == {"waited": "public"}


def test_a_tool_that_waits_alone_is_told_what_time_is_left(ours: Ours, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setitem(TOOLS, "waits", lambda call: Later(lambda within_ms: told.append(within_ms)))
    assert results(call_tools(ours, call_of("waits", "t1"))) == {"t1": None}
    assert 7_000 < told[0] <= tool_calls.WITHIN_MS


def test_arguments_written_as_text_are_read_and_others_are_none(ours: Ours) -> None:
    texts = {"t1": '{"question": "When?"}', "t2": "When?", "t3": "[1]"}
    calls = [
        {"id": key, "type": "function", "function": {"name": "echo", "arguments": each}} for key, each in texts.items()
    ]
    answer = results(call_tools(ours, *calls))
    assert [answer[key]["heard"] for key in texts] == [{"question": "When?"}, {}, {}]


def test_calls_that_cannot_be_told_apart_are_left_to_the_endpoint(ours: Ours, there: Endpoint) -> None:
    there.says(b'{"result": "done"}')
    odd = [1, {"id": 5, "function": {"name": "echo"}}, {"id": "t1", "function": "echo"}, {"id": "t2", "function": {}}]
    assert call_tools(ours, *odd) == {"result": "done"}
    assert json.loads(there.requests[0].body)["message"]["tool_call_list"] == odd


def test_older_messages_are_understood(ours: Ours) -> None:
    assert "heard" in results(post(ours, "tool-calls", toolCallList=[call_of("echo", "t1")]))["t1"]


def test_a_flood_of_calls_is_not_answered_beyond_a_bound(ours: Ours) -> None:
    answer = call_tools(ours, *(call_of("echo", f"t{number}") for number in range(40)))
    assert len(answer["results"]) == tool_calls.MOST_AT_ONCE
