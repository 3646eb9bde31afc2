import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Visitor

from agencies.models import Agency
from tenancy import door
from tests.support import hms_says
from tests.support import portal as portals
from tests.support.portal import Person, Portal
from vault import api_tokens
from vault.api_tokens import Issued, Scope

says = hms_says.says
portal = portals.portal


@dataclass
class Program:
    """A program with a token, which sends no cookie."""

    token: str
    host: str = "acme.portal.localhost"

    def get(self, path: str, **query: Any) -> Any:
        return self.visitor.get(f"/api/v1/{path}", query)

    def start(self, key: str = "key-1", **body: Any) -> Any:
        return self.post("calls", json.dumps({"to": "+31201234567", **body}), headers={"Idempotency-Key": key})

    def post(self, path: str, body: str, **how: Any) -> Any:
        return self.visitor.post(f"/api/v1/{path}", body, **{"content_type": "application/json", **how})

    @property
    def visitor(self) -> Visitor:
        return Visitor(HTTP_HOST=self.host, headers={"Authorization": f"Bearer {self.token}"}, enforce_csrf_checks=True)


def token_of(agency: Agency, person: Person, *scopes: Scope) -> Issued:
    with door.enter(agency):
        return api_tokens.issue(
            client_id=person.client.pk,
            name="CRM",
            scopes=scopes or list(Scope),
            actor={"kind": "client", "id": "1", "email": person.client.email},
        )


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


@pytest.fixture
def crm(portal: Portal, ben: Person) -> Program:
    """A program of Ben's that may do everything."""
    return Program(token_of(portal.agency, ben).text)
