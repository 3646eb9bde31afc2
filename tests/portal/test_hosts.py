"""The host decides who is meant; a host that nobody has gets one answer, no session and no schema."""

from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency
from domains import resolver
from domains.models import Domain
from tenancy import door

pytestmark = pytest.mark.django_db
ACME = "acme.portal.localhost"


def ask(host: str, path: str = "/account/login/", **headers: str):
    return Client().get(path, HTTP_HOST=host, **headers)


@pytest.mark.parametrize("host", [ACME, "ACME.Portal.LocalHost", f"{ACME}:8000", f"{ACME}.", f"{ACME.upper()}.:443"])
def test_a_portal_is_found_however_its_name_is_spelled(host: str) -> None:
    assert b"Acme Voice" in ask(host).content


@pytest.mark.parametrize(
    "host",
    [
        "acme.portal.localhost.evil.test",
        "evil-acme.portal.localhost",
        "acme-portal.localhost",
        "a.acme.portal.localhost",
        "acme.portal.localhost@evil.test",
        "аcme.portal.localhost",
        "portal.localhost.evil.test",
        "xportal.localhost",
        "127.0.0.2",
        "[::1]",
        "a" * 300,
        "_",
        "..",
    ],
)
def test_a_look_alike_leads_nowhere(host: str) -> None:
    answer = ask(host)
    assert answer.status_code == 404
    assert b"Nothing lives at this address" in answer.content


def test_every_unknown_host_gets_the_same_answer_on_every_path() -> None:
    answers = {
        ask(host, path).content for host in ("one.test", "two.test") for path in ("/", "/static/js/app.js", "/x")
    }
    assert len(answers) == 1


def test_an_unknown_host_makes_no_session_and_enters_no_schema() -> None:
    with mock.patch.object(door, "enter") as enter, CaptureQueriesContext(connection) as queries:
        answer = ask("unknown.portal.localhost")
    assert not answer.cookies
    assert not Session.objects.exists()
    assert not enter.called
    read = [query["sql"] for query in queries if "SELECT" in query["sql"] and "domains_domain" not in query["sql"]]
    assert not any("FROM" in sql for sql in read), "nothing is read but the host"


def test_what_a_proxy_forwards_as_host_is_not_believed() -> None:
    assert ask("unknown.test", HTTP_X_FORWARDED_HOST=ACME).status_code == 404
    assert b"Acme Voice" not in ask("globex.portal.localhost", HTTP_X_FORWARDED_HOST=ACME).content


def test_a_domain_without_proof_says_so_and_serves_nothing(acme: Agency) -> None:
    Domain.objects.create(domain="voice.acme.test", tenant=acme, kind="custom", state="pending")
    answer = ask("voice.acme.test")
    assert answer.status_code == 404
    assert b"not ready yet" in answer.content


def test_a_domain_with_proof_is_the_portal(acme: Agency) -> None:
    Domain.objects.create(domain="voice.acme.test", tenant=acme, kind="custom", state="verified")
    assert b"Acme Voice" in ask("voice.acme.test").content


def test_a_closed_agency_has_no_host(acme: Agency) -> None:
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSED)
    assert ask(ACME).status_code == 404


def test_the_dashboard_is_on_the_platform_alone() -> None:
    assert ask(ACME, "/agencies/acme/set-up/").status_code == 404
    assert ask("operators.localhost", "/agencies/acme/set-up/").headers["Location"].startswith("/login/")


def test_the_operators_admin_is_on_its_own_host_alone() -> None:
    assert ask("operators.localhost", "/agencies/agency/").status_code == 302
    for host in (ACME, "portal.localhost"):
        assert ask(host, "/agencies/agency/").status_code in (302, 404)
        assert b"Operators" not in ask(host, "/agencies/agency/").content


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "172.18.0.4", "::ffff:127.0.0.1"])
def test_whoever_is_near_reaches_the_internal_address(address: str) -> None:
    assert ask("127.0.0.1", "/healthz", REMOTE_ADDR=address).content == b"ok\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "198.51.45.7"},
        {"REMOTE_ADDR": "::ffff:8.8.8.8"},
        {"REMOTE_ADDR": "2a00:1450::1"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "10.1.2.3", "HTTP_X_FORWARDED_FOR": "198.51.45.7"},
    ],
)
def test_the_internal_address_is_nobodys_from_outside(headers: dict[str, str]) -> None:
    answer = ask("127.0.0.1", "/healthz", **headers)
    assert (answer.status_code, answer.content) == (404, ask("unknown.test").content)


def test_a_change_of_a_domain_is_seen_at_once(acme: Agency, django_capture_on_commit_callbacks) -> None:
    assert ask(ACME).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        Domain.objects.filter(tenant=acme).update(domain="renamed.portal.localhost")
        resolver.forget()
    assert ask(ACME).status_code == 404
    assert ask("renamed.portal.localhost").status_code == 200


def test_a_known_host_costs_no_query_the_second_time() -> None:
    resolver.resolve(ACME)
    with CaptureQueriesContext(connection) as queries:
        resolver.resolve(ACME)
    assert len(queries) == 0


def test_hosts_are_found_when_the_shared_cache_is_away() -> None:
    with mock.patch.object(resolver, "caches", {"hosts": mock.Mock(get_or_set=mock.Mock(side_effect=OSError))}):
        assert resolver.resolve(ACME).agency.slug == "acme"
