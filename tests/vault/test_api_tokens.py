"""Tokens of a client's programs: found by their text, at their own agency, until they are revoked."""

import uuid

import pytest

from agencies.models import Agency
from tenancy import door
from vault import api_tokens
from vault.api_tokens import Scope

pytestmark = pytest.mark.django_db


def issue(client_id: uuid.UUID) -> api_tokens.Issued:
    return api_tokens.issue(client_id=client_id, name="CRM", scopes=[Scope.READ_CALLS], actor={"kind": "client"})


def test_a_token_is_found_at_its_own_agency_alone(acme: Agency, globex: Agency) -> None:
    with door.enter(acme):
        issued = issue(uuid.uuid4())
        assert api_tokens.by_text(issued.text) == issued.row
    with door.enter(globex):
        assert api_tokens.by_text(issued.text) is None


def test_another_agency_revokes_nothing(acme: Agency, globex: Agency) -> None:
    client_id = uuid.uuid4()
    with door.enter(acme):
        issued = issue(client_id)
    with door.enter(globex), pytest.raises(api_tokens.NoSuchToken):
        api_tokens.revoke(client_id=client_id, token_id=issued.row.pk)
    with door.enter(acme):
        assert api_tokens.listed(client_id) == [issued.row]


def test_a_new_token_prints_nothing_of_itself(acme: Agency) -> None:
    with door.enter(acme):
        issued = issue(uuid.uuid4())
    assert issued.text not in repr(issued)


def test_a_token_without_a_right_is_refused(acme: Agency) -> None:
    with door.enter(acme), pytest.raises(ValueError, match="without a right"):
        api_tokens.issue(client_id=uuid.uuid4(), name="CRM", scopes=[], actor={})
