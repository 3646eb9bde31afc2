"""HMS's questions while others wait: rows are committed, threads are real."""

import json
import threading
import time
from typing import Any

import pytest
from django.db import connection, connections

from agencies import call_terms
from agencies.models import Agency
from calls import reports
from hms_client import signatures
from inbox import hms_endpoints, hms_targets
from organizations import relay
from organizations.models import Delivery, Organization
from outside.lanes import Lanes
from tenancy import door
from tests.support import endpoint as endpoints
from tests.support import hms_says
from tests.support.endpoint import Endpoint
from tests.support.hms_says import Hms

says = hms_says.says


@pytest.fixture(autouse=True)
def fresh_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LANES", Lanes())


def connected(agency: Agency, said: Hms, there: Endpoint) -> tuple[Organization, hms_endpoints.Endpoint]:
    hms_says.connect(said, agency)
    with door.enter(agency):
        ben = hms_says.ready(said, credit=3_600)
        hms_targets.save(organization_id=ben.pk, url=there.url, secret="a secret of ben", events=hms_targets.EVENTS)
        return ben, hms_endpoints.open_endpoint(organization_id=ben.pk)


def ask(ours: hms_endpoints.Endpoint, number: int = 0) -> dict[str, Any]:
    message = {"type": "tool-calls", "call": {"id": "c1"}, "number": number}
    body, at = json.dumps({"message": message}).encode(), int(time.time())
    signature = signatures.sign(body, str(at), ours.secret)
    now = reports.timezone.now()
    return reports.take(
        token=ours.token, body=body, timestamp=str(at), signature=signature, now=now, rounding_of=call_terms.rounding
    )


def test_no_connection_is_held_while_a_client_is_waited_for(own_agency: Agency, says: Hms) -> None:
    held: list[object] = []
    with endpoints.listening() as there:
        _ben, ours = connected(own_agency, says, there)
        mine = connections["default"]

        def reply(sending: Any, request: Any) -> None:
            held.append(mine.connection)
            sending.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"result": 1}')

        there.reply = reply
        assert ask(ours) == {"result": 1}
    assert held == [None]


def test_eight_wait_for_an_agency_and_the_ninth_is_answered_at_once(own_agency: Agency, says: Hms) -> None:
    answers: list[dict[str, Any]] = []

    def hooks(number: int) -> None:
        try:
            answers.append(ask(ours, number))
        finally:
            connection.close()

    with endpoints.listening() as there:
        ben, ours = connected(own_agency, says, there)
        everybody_waits = threading.Barrier(9, timeout=20)

        def reply(sending: Any, request: Any) -> None:
            everybody_waits.wait()
            there.released.wait(20)
            sending.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"result": 1}')

        there.reply = reply
        threads = [threading.Thread(target=hooks, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        everybody_waits.wait()
        assert "cannot be reached" in ask(ours, 8)["error"]
        there.released.set()
        for thread in threads:
            thread.join(20)
        with door.enter(own_agency):
            states = sorted(Delivery.objects.filter(organization_id=ben.pk).values_list("state", "why"))
    assert answers == [{"result": 1}] * 8
    assert states == [("delivered", "")] * 8 + [("failed", relay.BUSY)]
