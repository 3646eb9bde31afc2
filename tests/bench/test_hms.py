"""Questions are asked when they are due, reports are signed as HMS's are, and a wrong answer ends the measuring."""

import time
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from bench.hms import asking, reports
from bench.hms.agencies import Called
from bench.hms.asking import Request
from hms_client import signatures, webhooks
from inbox.hms_endpoints import Endpoint
from stack import terminal
from tests.edge.recorder import Recorder

GROUND: Any = SimpleNamespace(variables={"PLATFORM_HOST": "portal.localhost"}, ports=SimpleNamespace(hooks=8004))
CALLED = Called(uuid.uuid4(), "org", "assistant", Endpoint("token", "a secret of ours"))


def pages(number: int) -> list[Request]:
    return [
        Request("GET", f"/internal/tls-allowed?domain={each}.test", {"Host": "localhost"}) for each in range(number)
    ]


def test_every_question_is_asked_once_and_its_time_counts_from_when_it_was_due() -> None:
    with Recorder() as recorder:
        took = asking.on_time(recorder.port, pages(50), a_second=500, connections=8)
        assert sorted(path for path, _head in recorder.requests) == sorted(page.path for page in pages(50))
    assert len(took) == 50
    assert min(took) > 0


def test_a_late_question_counts_from_when_it_was_due() -> None:
    # Due all at once, and there is one connection for them: each waits for those before it.
    with Recorder() as recorder:
        took = asking.on_time(recorder.port, pages(20), a_second=10**9, connections=1)
    assert took == sorted(set(took))


def test_a_wrong_answer_ends_the_measuring() -> None:
    with Recorder() as recorder, pytest.raises(terminal.Trouble, match="was answered with 200"):
        asking.on_time(recorder.port, [Request("GET", "/unknown", {}, status=403)], a_second=1, connections=1)


@pytest.mark.parametrize("made", [reports.asks_before_a_call, reports.calls_a_tool])
def test_a_report_is_one_that_the_portal_takes_from_hms_and_no_two_are_of_one_call(made: Any) -> None:
    first, second = made(GROUND, CALLED), made(GROUND, CALLED)
    signatures.verify(
        body=first.body,
        timestamp=first.headers["X-Webhook-Timestamp"],
        signature=first.headers["X-Webhook-Signature"],
        secret=CALLED.endpoint.secret,
        now=int(time.time()),
    )
    event = webhooks.parse(first.body)
    assert event.type == first.headers["X-Webhook-Event"]
    assert event.call_id != webhooks.parse(second.body).call_id
