"""Who is let in: a token of this portal that was not revoked, for what it allows, so many times a minute."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.models import Agency
from portal.api import access
from tenancy import door
from tests.portal.api.conftest import Program, token_of
from tests.support.portal import Person, Portal
from vault import api_tokens, key_shapes
from vault.api_tokens import Scope
from vault.models import ApiToken

pytestmark = pytest.mark.django_db
READS = {Scope.READ_BALANCE: "balance", Scope.READ_CALLS: "calls", Scope.READ_STATEMENT: "statement"}
READS |= {Scope.START_CALLS: "assistants"}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "capi_x"])
def test_without_a_token_nobody_is_let_in(portal: Portal, header: str) -> None:
    visitor = portal.visitor()
    answer = visitor.get("/api/v1/balance", headers={"Authorization": header} if header else {})
    assert code(answer) == (401, "missing_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_made_up_token_lets_nobody_in(portal: Portal) -> None:
    assert code(Program("capi_made-up").get("balance")) == (401, "unknown_token")


def test_a_person_who_is_signed_in_is_not_a_program(ben: Person) -> None:
    assert code(ben.get("/api/v1/balance")) == (401, "missing_token")


def test_a_token_is_good_on_its_own_portal_alone(portal: Portal, globex: Agency, crm: Program) -> None:
    Agency.objects.filter(pk=globex.pk).update(portal_is_on=True, portal_on_since=timezone.now())
    assert code(Program(crm.token, host="globex.portal.localhost").get("balance")) == (401, "unknown_token")
    assert Program(crm.token, host="portal.localhost").visitor.get("/api/v1/balance").status_code == 404


def test_a_revoked_token_lets_nobody_in_from_the_next_request_on(portal: Portal, ben: Person, crm: Program) -> None:
    assert crm.get("balance").status_code == 200
    with door.enter(portal.agency):
        (token,) = api_tokens.listed(ben.client.pk)
        api_tokens.revoke(client_id=ben.client.pk, token_id=token.pk)
    assert code(crm.get("balance")) == (401, "unknown_token")


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_is_good_for_its_scope_alone(portal: Portal, ben: Person, scope: Scope) -> None:
    program = Program(token_of(portal.agency, ben, scope).text)
    for needed, path in READS.items():
        assert (program.get(path).status_code == 200) is (needed is scope), path
    assert (program.start().status_code == 201) is (scope is Scope.START_CALLS)


def test_a_token_reads_its_own_client_alone(portal: Portal, ben: Person, crm: Program) -> None:
    bob = portal.person("bob", credit=600)
    theirs = portal.call(bob, 60, assistant_name="Secret desk")
    assert crm.get("balance").json()["balance_seconds"] == 6000
    assert crm.get("calls").json()["calls"] == []
    assert code(crm.get(f"calls/{theirs.pk}")) == (404, "not_found")
    assert b"Secret" not in crm.get("statement").content


def test_a_portal_that_is_off_is_read_and_starts_nothing(portal: Portal, crm: Program) -> None:
    portal.switch(on=False)
    assert crm.get("balance").status_code == 200
    answer = crm.start()
    assert code(answer) == (503, "portal_off")
    assert "Retry-After" in answer.headers


def test_more_requests_than_allowed_wait_for_the_next_minute(crm: Program, monkeypatch: Any) -> None:
    monkeypatch.setattr(access, "REQUESTS_A_MINUTE", 3)
    # The minute may end between two of them, and then three more are allowed.
    answers = [crm.get("balance") for _number in range(8)]
    assert answers[2].status_code == 200
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert code(refused) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("path", ["nothing", "calls/", "calls/x", "balance/x"])
def test_what_is_not_there_is_said_in_json(crm: Program, path: str) -> None:
    assert code(crm.get(path)) == (404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused_with_those_that_are_known(crm: Program, method: str) -> None:
    answer = getattr(crm.visitor, method)("/api/v1/calls")
    assert code(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST"


def test_answers_are_kept_by_nobody(crm: Program) -> None:
    for answer in (crm.get("balance"), crm.get("nothing"), Program("capi_x").get("balance")):
        assert answer.headers["Cache-Control"] == "no-store"


def test_last_use_is_noted_to_the_minute(portal: Portal, crm: Program) -> None:
    crm.get("balance")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    crm.get("balance")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    crm.get("balance")
    assert ApiToken.objects.get().last_used_at >= first


def test_the_text_of_a_token_is_stored_nowhere(crm: Program) -> None:
    (row,) = ApiToken.objects.values()
    assert crm.token not in str(row)
    assert row["mask"] == f"capi_...{crm.token[-4:]}"


def test_a_token_never_reaches_a_log(crm: Program) -> None:
    assert key_shapes.hidden(f"Bearer {crm.token} failed") == "Bearer capi_*** failed"
