"""A program starts a call: under the checks of the page, and once for each key."""

import json
from typing import Any

import pytest
from django.core.cache import cache

from billing import wallets
from calls import placing
from calls.models import Call, Hold
from clients.models import Client
from organizations.models import Organization
from portal.api import calling
from tenancy import door
from tests.portal.api.conftest import Program, token_of
from tests.support.portal import Person, Portal

pytestmark = pytest.mark.django_db


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def placed(portal: Portal) -> int:
    return portal.says.requests.count("POST /calls/outbound")


def held(portal: Portal, person: Person) -> int:
    with door.enter(portal.agency):
        return wallets.get(person.client.pk).held


def org_of(portal: Portal, person: Person) -> Any:
    with door.enter(portal.agency):
        return portal.says.of(Organization.objects.get(client=person.client))


def test_a_call_is_placed_and_its_time_set_aside(portal: Portal, ben: Person, crm: Program) -> None:
    answer = crm.start()
    assert answer.status_code == 201
    body = answer.json()
    assert (body["call"]["direction"], body["call"]["number"]) == ("outbound", "+31 2 ••• 4567")
    assert body["longest_seconds"] == 1830
    assert answer.headers["Location"] == f"/api/v1/calls/{body['call']['id']}"
    assert crm.visitor.get(answer.headers["Location"]).status_code == 200
    assert held(portal, ben) == 1800
    with door.enter(portal.agency):
        hold = Hold.objects.get()
        assert (hold.actor["kind"], hold.actor["email"]) == ("api", "ben@client.test")


def test_the_same_key_with_the_same_request_is_the_same_call(portal: Portal, crm: Program) -> None:
    first, second = crm.start(), crm.start()
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["call"]["id"] == second.json()["call"]["id"]
    assert placed(portal) == 1


def test_a_call_that_was_placed_is_told_again_while_the_provider_is_away(portal: Portal, crm: Program) -> None:
    first = crm.start()
    cache.clear()
    portal.says.breaks("GET /assistants")
    assert crm.start().json()["call"]["id"] == first.json()["call"]["id"]


def test_the_same_key_with_another_request_is_refused(portal: Portal, crm: Program) -> None:
    crm.start()
    assert code(crm.start(to="+31209999999")) == (409, "idempotency_key_reused")
    assert placed(portal) == 1


def test_another_key_is_another_call(portal: Portal, crm: Program) -> None:
    assert crm.start("a").json()["call"]["id"] != crm.start("b", to="+31209999999").json()["call"]["id"]


def test_two_clients_may_use_the_same_key(portal: Portal, ben: Person, crm: Program) -> None:
    bob = portal.person("bob", credit=6000)
    other = Program(token_of(portal.agency, bob).text)
    assert (crm.start().status_code, other.start().status_code) == (201, 201)
    assert placed(portal) == 2


def test_a_lost_answer_is_unclear_and_then_the_call(portal: Portal, ben: Person, crm: Program) -> None:
    portal.says.loses_the_answer("POST /calls/outbound")
    unclear = crm.start()
    assert (unclear.status_code, unclear.json()["call"]) == (202, None)
    assert crm.start().status_code == 202
    portal.says.requests.clear()
    with door.enter(portal.agency):
        hold, (hms_id,) = Hold.objects.get(), org_of(portal, ben).calls
        Hold.objects.update(hms_call_id=hms_id)
        call = Call.objects.create(
            organization_id=hold.organization_id, hms_id=hms_id, status="ended", placed_at=hold.created_at
        )
    assert crm.start().json()["call"]["id"] == str(call.pk)
    assert placed(portal) == 0


def test_a_call_that_came_to_nothing_says_so_for_its_key(portal: Portal, ben: Person, crm: Program) -> None:
    portal.says.refuses("POST /calls/outbound", 400)
    assert code(crm.start()) == (502, "refused")
    assert held(portal, ben) == 0
    assert code(crm.start()) == (409, "not_placed")
    assert crm.start("another").status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"to": "0201234567"}, 422, "invalid_number"),
        ({"to": 31201234567}, 400, "invalid_field"),
        ({"to": ""}, 400, "invalid_field"),
        ({"to": "+31201234567", "max_duration_seconds": "9"}, 400, "invalid_field"),
        ({}, 400, "invalid_field"),
        ({"to": "+31201234567", "assistant_id": "nobody"}, 422, "unknown_assistant"),
        ({"to": "+31201234567", "number_id": "none"}, 422, "unknown_number"),
    ],
)
def test_what_makes_no_sense_is_told_and_sets_nothing_aside(
    portal: Portal, ben: Person, crm: Program, body: dict[str, Any], status: int, word: str
) -> None:
    answer = crm.post("calls", json.dumps(body), headers={"Idempotency-Key": "k"})
    assert code(answer) == (status, word)
    assert (placed(portal), held(portal, ben)) == (0, 0)


@pytest.mark.parametrize("body", [" ", "{", "[]", '"x"', "[" * 20_000, '{"to": "' + "1" * 20_000 + '"}'])
def test_what_is_no_object_of_json_is_told(crm: Program, body: str) -> None:
    assert code(crm.post("calls", body, headers={"Idempotency-Key": "k"})) == (400, "not_json")


def test_a_form_is_not_json(crm: Program) -> None:
    answer = crm.visitor.post("/api/v1/calls", {"to": "+31201234567"}, headers={"Idempotency-Key": "k"})
    assert code(answer) == (415, "not_json")


@pytest.mark.parametrize("key", ["", "k" * 256, "käse"])
def test_a_call_needs_a_key(crm: Program, key: str) -> None:
    assert code(crm.post("calls", "{}", headers={"Idempotency-Key": key})) == (400, "missing_idempotency_key")


def test_without_credits_nothing_is_dialled(portal: Portal, ben: Person, crm: Program) -> None:
    with door.enter(portal.agency):
        wallets.set_aside(ben.client.pk, 5990)
    assert code(crm.start()) == (402, "not_enough_credits")
    assert placed(portal) == 0
    with door.enter(portal.agency):
        wallets.give_back(ben.client.pk, 5990)
    assert crm.start().status_code == 201


def test_a_suspended_client_starts_nothing(portal: Portal, crm: Program) -> None:
    with door.enter(portal.agency):
        Client.objects.update(state=Client.State.SUSPENDED)
    assert code(crm.start()) == (403, "suspended")


def test_an_organization_that_is_not_ready_asks_for_patience(portal: Portal, crm: Program) -> None:
    with door.enter(portal.agency):
        Organization.objects.update(state=Organization.State.WANTED)
    answer = crm.start()
    assert code(answer) == (503, "not_ready")
    assert answer.headers["Retry-After"] == "30"


def test_of_several_assistants_one_has_to_be_named(portal: Portal, ben: Person, crm: Program) -> None:
    org_of(portal, ben).assistants.append({"id": "a-2", "name": "Second", "is_active": True})
    assert code(crm.start()) == (422, "unknown_assistant")
    assert crm.start(assistant_id="a-2").status_code == 201


def test_assistants_and_numbers_are_listed(portal: Portal, ben: Person, crm: Program) -> None:
    org_of(portal, ben).numbers.append({"id": "n-1", "phone_number": "+31201112233", "name": None})
    assert [each["name"] for each in crm.get("assistants").json()["assistants"]] == ["Assistant"]
    assert crm.get("numbers").json()["numbers"] == [{"id": "n-1", "phone_number": "+31201112233", "name": None}]


def test_a_provider_that_is_away_is_told_without_its_name(portal: Portal, crm: Program) -> None:
    portal.says.breaks("GET /assistants")
    answer = crm.get("assistants")
    assert code(answer) == (503, "unavailable")
    assert "HMS" not in answer.content.decode()


def test_every_refusal_of_a_call_has_a_code() -> None:
    known = set(calling._REFUSALS) | {placing.PlacedAlready, placing.AnswerLost}
    assert set(placing.CannotCall.__subclasses__()) == known
