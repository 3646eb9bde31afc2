from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from agencies.models import Agency, Membership
from people.models import User
from tests.support.stripe_world import Sandbox, sandbox, stripe

__all__ = ["sandbox", "stripe"]


class Dashboard:
    """Acme's dashboard in somebody's browser; paths are relative to it."""

    def __init__(self, user: User, slug: str = "acme") -> None:
        self.browser = Client(HTTP_HOST="portal.localhost")
        self.browser.force_login(user)
        # The first request of a session notes where it is; what a test counts comes after that.
        self.browser.get("/healthz")
        self.base = f"/agencies/{slug}/"

    def get(self, path: str = "", **query: str) -> Any:
        return self.browser.get(self.base + path, query)

    def post(self, path: str, **form: Any) -> Any:
        return self.browser.post(self.base + path, form)


@pytest.fixture
def ada(acme: Agency) -> Dashboard:
    """Acme's owner at work."""
    return Dashboard(User.objects.get(email="ada@acme.test"))


@pytest.fixture
def gus(globex: Agency) -> Dashboard:
    """Globex' owner at work."""
    return Dashboard(User.objects.get(email="gus@globex.test"), "globex")


def member(agency: Agency, role: Membership.Role) -> Dashboard:
    user = User.objects.create_user(f"{role}@{agency.slug}.test")
    Membership.objects.create(agency=agency, user=user, role=role)
    return Dashboard(user, agency.slug)


@pytest.fixture
def mia(acme: Agency) -> Dashboard:
    """A manager of acme."""
    return member(acme, Membership.Role.MANAGER)


@pytest.fixture
def vic(acme: Agency) -> Dashboard:
    """A viewer of acme."""
    return member(acme, Membership.Role.VIEWER)


@pytest.fixture
def outside(stripe: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """Stripe and HMS, as the sandbox has them."""
    settings.HMS_API_URL = f"{stripe.url}/hms/api/v1"
    yield stripe


@pytest.fixture
def stripe_keys(outside: Sandbox) -> dict[str, str]:
    return outside.open_account()


@pytest.fixture
def hms_key(outside: Sandbox) -> str:
    return str(outside.turn("hms/organizations", name="Acme BV", minutes=500)["api_key"])
