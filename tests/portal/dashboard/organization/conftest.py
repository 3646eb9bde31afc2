from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from agencies import arrivals, minutes
from agencies.models import Agency
from hms_client import HMSClient
from organizations import assistants, hms, provisioning
from organizations.models import Organization
from people.models import User
from tenancy import door
from tests.support.portal import text_of


class Inside:
    """The organization of a client of acme, at the sandbox, and somebody of acme who has entered it."""

    def __init__(self, acme: Agency, person: Any, outside: Any, name: str = "Bakery") -> None:
        self.acme, self.person, self.outside = acme, person, outside
        with door.enter(acme):
            user = User.objects.create_user(f"{name.lower()}@client.test")
            self.client = arrivals.arrive(user=user, name=name)
            organization = Organization.objects.get(client=self.client)
            provisioning.provision(organization.pk)
            assistants.equip(organization.pk)
        self.base = f"clients/{self.client.pk}/organization/"

    @property
    def organization(self) -> Organization:
        with door.enter(self.acme):
            return Organization.objects.select_related("client").get(client=self.client)

    @property
    def hms(self) -> HMSClient:
        """What HMS has, as this organization's key sees it."""
        with door.enter(self.acme):
            return hms.for_organization(self.organization)

    def get(self, path: str, person: Any = None, **query: str) -> Any:
        return (person or self.person).get(self.base + path, **query)

    def post(self, path: str, person: Any = None, **form: Any) -> Any:
        return (person or self.person).post(self.base + path, **form)

    def trouble(self, kind: str, method: str, path: str) -> None:
        """The next such request to HMS goes wrong."""
        self.outside.turn("faults", kind=kind, prefix=f"/hms/api/v1/{path}", method=method)

    def neighbour(self, name: str = "Bikes") -> "Inside":
        """The organization of another client of acme."""
        return Inside(self.acme, self.person, self.outside, name)

    def sees(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.status_code
        return text_of(answer)

    def form(self, path: str) -> dict[str, Any]:
        """What a browser would send if the form were sent as it is shown."""
        form = self.get(path).context["form"]
        values = {name: form[name].value() for name in form.fields}
        return {name: value for name, value in values.items() if value not in (None, False)}


@pytest.fixture
def inside(acme: Agency, ada: Any, outside: Any, hms_key: str) -> Inside:
    minutes.connect(acme.pk, hms_key)
    return Inside(acme, ada, outside)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """What was kept for some seconds in another test is not of this one."""
    cache.clear()
    yield


@pytest.fixture
def first(inside: Inside) -> str:
    """HMS's id of the assistant that the organization was given."""
    return str(inside.hms.assistants.list()[0].id)
