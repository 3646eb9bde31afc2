"""The host decides who is meant; a host that nobody has gets one answer, no session and no schema."""

from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agencies.models import Agency
from domains import resolver
from domains.models import Domain
from tenancy import door

pytestmark = pytest.mark.django_db
ACME = "acme.portal.localhost"


OWN = "voice.acme.test"


@pytest.fixture(autouse=True)
def usual_port(settings) -> None:
    settings.PUBLIC_PORT = ""


@pytest.fixture
def nobody_answers() -> bytes:
    return bytes(ask("nobody.test").content)


def own_domain(agency: Agency, *, state: str = "active", is_primary: bool = False) -> None:
    """A domain of the agency's own; the slug's host makes way when it is primary."""
    agency.domains.exclude(domain=OWN).update(is_primary=not is_primary)
    agency.domains.create(domain=OWN, kind="custom", state=state, is_primary=is_primary, token=f"t{agency.pk}")


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


@given(st.one_of(st.text(st.characters(codec="latin-1"), max_size=300), st.ip_addresses().map(str)))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_s09_any_other_host_gets_one_answer_and_no_session(nobody_answers: bytes, host: str) -> None:
    assume(host.strip().lower().removesuffix(".") not in {"127.0.0.1"})
    answer = ask(host)
    assert (answer.status_code, answer.content) == (404, nobody_answers)
    assert not answer.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "a" * 254, "acme.portal.localhost,globex.portal.localhost", "\xe9", "", " "]
)
def test_s09_addresses_long_names_bad_bytes_and_two_hosts_lead_nowhere(nobody_answers: bytes, host: str) -> None:
    assert ask(host).content == nobody_answers


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


def test_s10_what_a_proxy_forwards_as_host_is_not_believed() -> None:
    assert ask("unknown.test", HTTP_X_FORWARDED_HOST=ACME).status_code == 404
    assert b"Acme Voice" not in ask("globex.portal.localhost", HTTP_X_FORWARDED_HOST=ACME).content


def test_a_domain_without_proof_says_so_and_serves_nothing(acme: Agency) -> None:
    own_domain(acme, state="pending")
    answer = ask("voice.acme.test")
    assert answer.status_code == 404
    assert b"not ready yet" in answer.content


@pytest.mark.parametrize("state", ["lost", "released"])
def test_s28_a_domain_whose_proof_is_gone_serves_nothing(acme: Agency, state: str) -> None:
    own_domain(acme, state=state)
    assert ask(OWN).status_code == 404
    assert b"Acme Voice" not in ask(OWN).content


def test_the_primary_domain_is_the_portal(acme: Agency) -> None:
    own_domain(acme, is_primary=True)
    assert b"Acme Voice" in ask(OWN).content


@pytest.mark.parametrize("state", ["verified", "active", "failing"])
def test_a_domain_that_is_not_primary_leads_to_the_slugs_host(acme: Agency, state: str) -> None:
    own_domain(acme, state=state)
    answer = ask(OWN, "/buy/?package=2&x=%C3%A9")
    assert (answer.status_code, answer.headers["Location"]) == (
        308,
        "http://acme.portal.localhost/buy/?package=2&x=%C3%A9",
    )


def test_the_slugs_host_leads_to_the_primary_domain_with_path_and_query(acme: Agency) -> None:
    own_domain(acme, is_primary=True)
    answer = ask(ACME, "/account/login/?next=/buy/")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"http://{OWN}/account/login/?next=/buy/")
    assert Client().post("/buy/", HTTP_HOST=ACME).status_code == 308, "the method is kept"


def test_no_redirect_is_remembered_or_it_would_go_in_a_circle_later(acme: Agency) -> None:
    own_domain(acme, is_primary=True)
    assert ask(ACME).headers["Cache-Control"] == "no-store"


def test_redirects_never_go_in_a_circle(acme: Agency) -> None:
    for is_primary in (False, True):
        Domain.objects.filter(domain=OWN).delete()
        own_domain(acme, is_primary=is_primary)
        for host in (ACME, OWN):
            caches["hosts"].clear()
            steps = [host]
            while (answer := ask(steps[-1])).status_code == 308:
                steps.append(urlsplit(answer.headers["Location"]).netloc)
                assert len(steps) < 3
            assert answer.status_code == 200


@pytest.mark.parametrize("path", ["//evil.test/", "/\\evil.test/", "/%0d%0aSet-Cookie:x=1", "/?next=//evil.test"])
def test_s12_a_redirect_stays_with_the_primary_host_whatever_the_path(acme: Agency, path: str) -> None:
    own_domain(acme, is_primary=True)
    answer = ask(ACME, path)
    assert answer.status_code == 308
    assert urlsplit(answer.headers["Location"]).netloc == OWN
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/api/webhooks/stripe/acme"])
def test_a_machine_is_never_redirected(acme: Agency, path: str) -> None:
    own_domain(acme, is_primary=True)
    assert ask(ACME, path).status_code == 404
    assert ask("www.portal.localhost", "/healthz").status_code == 200


def test_www_before_the_platforms_host_leads_to_it() -> None:
    answer = ask("www.portal.localhost", "/account/signup/?x=1")
    assert answer.headers["Location"] == "http://portal.localhost/account/signup/?x=1"
    assert ask(f"www.{ACME}").status_code == 404, "no certificate covers it"


def test_a_redirect_carries_the_headers_of_every_answer(acme: Agency, settings) -> None:
    settings.HSTS_SECONDS = 31_536_000
    own_domain(acme, is_primary=True)
    answer = ask(ACME)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_of_two_agencies_that_claim_a_domain_the_one_with_the_proof_is_meant(acme: Agency, globex: Agency) -> None:
    own_domain(globex, state="pending")
    assert ask(OWN).status_code == 404
    own_domain(acme, is_primary=True)
    assert b"Acme Voice" in ask(OWN).content


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


def test_a_known_host_costs_one_query_the_first_time_and_none_the_second(acme: Agency) -> None:
    own_domain(acme, is_primary=True)
    for expected in (1, 0):
        with CaptureQueriesContext(connection) as queries:
            assert resolver.resolve(ACME).primary_host == OWN
        assert len(queries) == expected


def test_hosts_are_found_when_the_shared_cache_is_away() -> None:
    with mock.patch.object(resolver, "caches", {"hosts": mock.Mock(get_or_set=mock.Mock(side_effect=OSError))}):
        assert resolver.resolve(ACME).agency.slug == "acme"
