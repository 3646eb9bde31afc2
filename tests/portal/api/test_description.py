"""The description is true: every address stands in it, and every answer is as it says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from billing.models import LedgerEntry
from calls.choosing import DIRECTIONS, Outcome
from calls.obstacles import Obstacle
from organizations.models import Organization
from portal.api import access, calling, urls
from tenancy import door
from tests.portal.api.conftest import Program
from tests.support.portal import Person, Portal
from vault.api_tokens import Scope

pytestmark = pytest.mark.django_db
FILE = Path(urls.__file__).with_name("openapi.json")
SAID = json.loads(FILE.read_text())


def operations() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, each in SAID["paths"].items() for method in each}


def fits(answer: Any, method: str, path: str) -> Any:
    """The body of an answer that the description allows."""
    described = SAID["paths"][path][method.lower()]["responses"]
    assert str(answer.status_code) in described, (answer.status_code, answer.content)
    described = described[str(answer.status_code)]
    schema = {**described["content"]["application/json"]["schema"], "components": SAID["components"]}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer.json())
    assert answer.headers["Content-Type"] == "application/json"
    assert set(described.get("headers", {})) <= set(answer.headers)
    return answer.json()


def test_it_is_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(SAID).iter_errors()) == []


def test_every_address_and_method_is_described_and_none_is_made_up() -> None:
    real = set()
    for pattern in urls.urlpatterns:
        path = "/" + str(pattern.pattern).replace("<uuid:call_id>", "{call_id}")
        if pattern.callback is not access.nothing:
            real |= {(method, path) for method in pattern.callback.views}
    assert real == operations()


def test_every_scope_word_and_code_of_ours_is_in_it() -> None:
    text = FILE.read_text()
    codes = {code for _status, code in calling._REFUSALS.values()}
    for word in (*Scope, *Outcome, *DIRECTIONS, *Obstacle, *codes):
        assert word in text, word


def test_it_is_served_to_everybody_and_names_nobody(portal: Portal) -> None:
    answer = portal.visitor().get("/api/v1/openapi.json")
    assert answer.json() == SAID
    assert b"HMS" not in answer.content
    assert b"Acme" not in answer.content


def test_what_is_read_is_as_described(portal: Portal, ben: Person, crm: Program) -> None:
    counted = portal.call(ben, 204)
    portal.call(ben, 5, direction="web", customer_number="", assistant_name="")
    portal.running_call(ben)
    portal.purchase(ben)
    portal.post(ben, 60, LedgerEntry.Kind.WELCOME, reason="Hello", livemode=False)
    with door.enter(portal.agency):
        org = portal.says.of(Organization.objects.get(client=ben.client))
    org.numbers.append({"id": "n-1", "phone_number": "+31201112233"})
    assert fits(crm.get("balance"), "GET", "/balance")["held_seconds"] == 600
    assert len(fits(crm.get("calls"), "GET", "/calls")["calls"]) == 3
    receipt = fits(crm.get(f"calls/{counted.pk}"), "GET", "/calls/{call_id}")["call"]
    assert (receipt["seconds_billed"], receipt["credits"], receipt["balance_after_seconds"]) == (204, "3.40", 5796)
    movements = fits(crm.get("statement"), "GET", "/statement")["movements"]
    assert [each["number"] for each in movements] == [5, 4, 3, 2, 1]
    assert movements[0]["is_test"] is True
    assert fits(crm.get("assistants"), "GET", "/assistants")["assistants"]
    assert fits(crm.get("numbers"), "GET", "/numbers")["numbers"]


def test_answers_to_a_start_are_as_described(portal: Portal, crm: Program) -> None:
    answers = [crm.start(), crm.start(), crm.start(to="+31209999999"), crm.start("b", to="nowhere")]
    portal.says.loses_the_answer("POST /calls/outbound")
    answers.append(crm.start("c"))
    portal.says.refuses("POST /calls/outbound", 402)
    answers += [crm.start("d"), crm.start("d"), crm.post("calls", "{}"), crm.post("calls", "", content_type="a/b")]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [201, 200, 409, 422, 202, 502, 409, 400, 400]
    for answer in answers:
        fits(answer, "POST", "/calls")


def test_a_portal_that_is_off_answers_as_described(portal: Portal, crm: Program) -> None:
    portal.switch(on=False)
    assert fits(crm.start(), "POST", "/calls")["error"]["code"] == "portal_off"


@pytest.mark.parametrize("path", ["balance", "calls", "statement", "assistants", "numbers"])
def test_refusals_are_as_described(crm: Program, path: str, monkeypatch: Any) -> None:
    assert fits(Program("capi_x").get(path), "GET", f"/{path}")["error"]["code"] == "unknown_token"
    assert fits(crm.get(path, surprise="1"), "GET", f"/{path}")["error"]["code"] == "invalid_field"
    monkeypatch.setattr(access, "REQUESTS_A_MINUTE", 0)
    assert fits(crm.get(path), "GET", f"/{path}")["error"]["code"] == "too_many_requests"


def test_pages_go_on_where_the_last_one_ended(portal: Portal, ben: Person, crm: Program) -> None:
    for _number in range(5):
        portal.call(ben, 1)
    first = fits(crm.get("calls", limit=3), "GET", "/calls")
    second = fits(crm.get("calls", limit=3, after=first["next"]), "GET", "/calls")
    assert len({each["id"] for each in first["calls"] + second["calls"]}) == 5
    assert second["next"] is None
    first = fits(crm.get("statement", limit=4), "GET", "/statement")
    second = fits(crm.get("statement", limit=4, before=first["next_before"]), "GET", "/statement")
    assert [each["number"] for each in first["movements"] + second["movements"]] == [6, 5, 4, 3, 2, 1]
    assert second["next_before"] is None


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("calls", {"limit": "0"}),
        ("calls", {"limit": "101"}),
        ("calls", {"limit": "10000"}),
        ("calls", {"limit": "x"}),
        ("calls", {"after": "x"}),
        ("calls", {"since": "yesterday"}),
        ("calls", {"since": "2026-03-10T12:00:00"}),
        ("calls", {"direction": "up"}),
        ("calls", {"outcome": "good"}),
        ("statement", {"before": "-1"}),
        ("statement", {"month": "2026-13"}),
    ],
)
def test_a_question_that_makes_no_sense_is_told(crm: Program, path: str, query: dict[str, str]) -> None:
    answer = crm.get(path, **query)
    assert fits(answer, "GET", f"/{path}")["error"]["code"] == "invalid_field"
    assert next(iter(query)) in answer.json()["error"]["message"]


def test_calls_are_chosen_as_on_the_page(portal: Portal, ben: Person, crm: Program) -> None:
    call = portal.call(ben, 1, direction="outbound")
    portal.call(ben, 1, status="failed")
    (found,) = crm.get("calls", direction="outbound", outcome="ended", since="2020-01-01T00:00:00Z").json()["calls"]
    assert found["id"] == str(call.pk)
    assert crm.get("calls", until="2020-01-01T00:00:00+01:00").json()["calls"] == []
    assert len(crm.get("statement", month="2020-01").json()["movements"]) == 0
