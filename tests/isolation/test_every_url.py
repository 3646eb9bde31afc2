"""Every URL of every host against every stranger, made from the URLconfs.

A new URL fails here until somebody has said who may see it. A stranger gets a 404, or is asked to sign in; never a
page, never a change.
"""

from collections.abc import Iterator
from importlib import import_module
from uuid import UUID, uuid4

import pytest
from django.test import Client as Visitor
from django.urls import URLPattern, URLResolver, reverse
from django.urls.exceptions import NoReverseMatch

from agencies.models import Agency
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db

# Who may see what. Names of allauth's pages are checked by allauth; a person's own pages ask for a sign-in themselves.
ANYBODY = "anybody"
SIGNED_IN = "signed in"
MEMBER = "a member of the agency"
CLIENT = "a client of the agency"
MACHINE = "a machine with a signature"
TOKEN = "a program with a token of a client of the agency"
NEAR = "whoever asks from the servers' own network, on the internal address"

PLATFORM = {
    "healthz": ANYBODY,
    "platform:landing": ANYBODY,
    "platform:slug_check": ANYBODY,
    "platform:agencies": SIGNED_IN,
    "platform:agency_new": SIGNED_IN,
    "platform:certificate": SIGNED_IN,
    "platform:security": SIGNED_IN,
    "platform:session_end": SIGNED_IN,
    "platform:sessions_end": SIGNED_IN,
    # Whoever has the link; without it there is nothing to see.
    "platform:invitation": ANYBODY,
    "theme": ANYBODY,
    "picture": ANYBODY,
    "stripe_webhook": MACHINE,
    "stripe_webhook_slash": MACHINE,
    "hms_webhook": MACHINE,
    "dashboard:*": MEMBER,
}
PORTAL = {
    "theme": ANYBODY,
    "picture": ANYBODY,
    "initials_icon": ANYBODY,
    "storefront:home": ANYBODY,
    # Whoever has the link; without it there is nothing to see.
    "storefront:invitation": ANYBODY,
    # A ticket that was given on the dashboard a moment ago; ending a visit that there is none of does nothing.
    "storefront:visit": ANYBODY,
    "storefront:visit_end": ANYBODY,
    "storefront:*": CLIENT,
    "api:openapi": ANYBODY,
    "api:nothing": ANYBODY,
    "api:*": TOKEN,
}
INTERNAL = {"healthz": NEAR, "tls_allowed": NEAR}


def names(urlconf: str) -> Iterator[tuple[str, URLPattern]]:
    """The name of every pattern of a URLconf, with its namespace."""

    def walk(patterns: list[URLPattern | URLResolver], space: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
                yield from walk(pattern.url_patterns, inner)
            else:
                yield f"{space}{pattern.name}", pattern

    return walk(import_module(urlconf).urlpatterns, "")


def is_allauths(name: str) -> bool:
    return name.startswith(("account_", "mfa_", "reauthenticate"))


def rule(table: dict[str, str], name: str) -> str | None:
    return table.get(name) or table.get(f"{name.split(':')[0]}:*" if ":" in name else "")


@pytest.mark.parametrize(
    ("urlconf", "table"),
    [("portal.urls_platform", PLATFORM), ("portal.urls_portal", PORTAL), ("portal.urls_internal", INTERNAL)],
)
def test_every_url_is_classified(urlconf: str, table: dict[str, str]) -> None:
    unknown = [name for name, _pattern in names(urlconf) if not is_allauths(name) and rule(table, name) is None]
    assert not unknown, f"say in this file who may see: {unknown}"


def test_no_rule_is_left_over() -> None:
    for urlconf, table in (("portal.urls_platform", PLATFORM), ("portal.urls_portal", PORTAL)):
        known = {name for name, _pattern in names(urlconf)}
        spaces = {f"{name.split(':')[0]}:*" for name in known if ":" in name}
        assert set(table) <= known | spaces


def address(urlconf: str, name: str, pattern: URLPattern, ids: dict[str, object]) -> str:
    wanted = {key: ids[key] if key in ids else uuid4() for key in pattern.pattern.converters}
    for extra in ({}, {"slug": ids["slug"]}):
        try:
            return reverse(name, urlconf=urlconf, kwargs={**extra, **wanted})
        except NoReverseMatch:
            continue
    raise AssertionError(f"no address for {name}")


def protected(urlconf: str, table: dict[str, str], kind: str) -> list[tuple[str, URLPattern]]:
    return [(name, pattern) for name, pattern in names(urlconf) if rule(table, name) == kind]


def refused(answer: object) -> bool:
    status = answer.status_code  # type: ignore[attr-defined]
    return status in (403, 404, 405) or (status == 302 and "/account/login" in answer.headers["Location"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("stranger", ["nobody", "gus", "ben", "zoe"])
def test_a_dashboard_is_closed_to_strangers(method: str, stranger: str, acme: Agency, cast: Cast) -> None:
    visitor = cast.on_platform(stranger)
    ids = {"slug": acme.slug, **cast.ids_of_acme}
    open_doors = []
    for name, pattern in protected("portal.urls_platform", PLATFORM, MEMBER):
        path = address("portal.urls_platform", name, pattern, ids)
        if not refused(getattr(visitor, method)(path)):
            open_doors.append(path)
    assert not open_doors


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("stranger", ["nobody", "ada", "gus", "zoe"])
def test_a_portal_is_closed_to_strangers(method: str, stranger: str, acme: Agency, cast: Cast) -> None:
    visitor = cast.on_portal_of_acme(stranger)
    open_doors = []
    for name, pattern in protected("portal.urls_portal", PORTAL, CLIENT):
        path = address("portal.urls_portal", name, pattern, {"slug": acme.slug, **cast.ids_of_acme})
        if not refused(getattr(visitor, method)(path)):
            open_doors.append(path)
    assert not open_doors


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("stranger", ["nobody", "ada", "ben", "zoe"])
def test_the_api_knows_no_cookies(method: str, stranger: str, acme: Agency, cast: Cast) -> None:
    visitor = cast.on_portal_of_acme(stranger)
    for name, pattern in protected("portal.urls_portal", PORTAL, TOKEN):
        path = address("portal.urls_portal", name, pattern, {"slug": acme.slug, **cast.ids_of_acme})
        assert getattr(visitor, method)(path).status_code in (401, 405), path


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_client_of_the_same_agency_finds_nothing_under_foreign_ids(
    method: str, acme: Agency, cast: Cast
) -> None:
    visitor = cast.on_portal_of_acme("bob")
    open_doors = []
    for name, pattern in protected("portal.urls_portal", PORTAL, CLIENT):
        if not pattern.pattern.converters or name == "storefront:buy_package":
            continue
        path = address("portal.urls_portal", name, pattern, cast.ids_of_acme | {"slug": acme.slug})
        if getattr(visitor, method)(path).status_code not in (404, 405):
            open_doors.append(path)
    assert not open_doors


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_dashboard_shows_nothing_under_ids_of_another_agency(method: str, globex: Agency, cast: Cast) -> None:
    visitor = cast.on_platform("gus")
    open_doors = []
    for name, pattern in protected("portal.urls_platform", PLATFORM, MEMBER):
        if not any(key != "slug" for key in pattern.pattern.converters):
            continue
        path = address("portal.urls_platform", name, pattern, cast.ids_of_acme | {"slug": globex.slug})
        if getattr(visitor, method)(path).status_code not in (404, 405):
            open_doors.append(path)
    assert not open_doors


@pytest.mark.parametrize("host", ["acme.portal.localhost", "portal.localhost", "operators.localhost"])
@pytest.mark.parametrize("path", ["/admin/", "/api/webhooks/stripe/acme", "/agencies/acme/", "/internal/"])
def test_a_host_has_no_page_of_another_host(host: str, path: str) -> None:
    belongs = {"/api/webhooks/stripe/acme": "portal.localhost", "/agencies/acme/": "portal.localhost"}
    answer = Visitor(HTTP_HOST=host).get(path)
    if belongs.get(path) != host:
        assert answer.status_code in (302, 404), (host, path)
        assert answer.status_code == 404 or host == "operators.localhost"


def test_no_list_of_one_agency_holds_a_word_of_another(cast: Cast) -> None:
    """Zoe's canary stands in globex's rows; Ada and Ben look at every page they have."""
    for visitor, urlconf, table, kind in (
        (cast.on_platform("ada"), "portal.urls_platform", PLATFORM, MEMBER),
        (cast.on_portal_of_acme("ben"), "portal.urls_portal", PORTAL, CLIENT),
    ):
        for name, pattern in protected(urlconf, table, kind):
            path = address(urlconf, name, pattern, cast.ids_of_acme | {"slug": "acme"})
            assert b"canary" not in visitor.get(path).getvalue().lower(), path


def test_the_ids_of_the_cast_are_real(cast: Cast) -> None:
    assert all(isinstance(value, UUID | int) for value in cast.ids_of_acme.values())
    answer = cast.on_platform("ada").get(f"/agencies/acme/clients/{cast.ids_of_acme['client_id']}/")
    assert answer.status_code == 200
