"""Operators look at domains: what the resolver makes of a host, and what DNS says of it now."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from agencies import addresses
from agencies.models import Agency
from domains import records, verification
from domains.models import Domain, State
from tests.support.dns_world import Names

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked(names: Names, settings: Any) -> None:
    settings.DNS_SERVERS, settings.DNS_AUTHORITATIVE_PORT = [f"127.0.0.1:{names.port}"], names.port
    settings.PUBLIC_PORT = ""


@pytest.fixture
def domain(acme: Agency, zone: str) -> Domain:
    return verification.claim(agency_id=acme.pk, typed=f"portal.{zone}")


def run(*arguments: str) -> str:
    out = io.StringIO()
    try:
        call_command(*arguments, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}failed: {error}"
    return out.getvalue()


def prove(names: Names, domain: Domain) -> None:
    names.put(domain.domain, ("CNAME", records.target(domain)))


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("portal.localhost", "portal.localhost leads to the platform."),
        ("www.portal.localhost", "led on to http://portal.localhost/."),
        ("ACME.portal.localhost:8000", "acme.portal.localhost leads to the portal of acme."),
        ("nobody.test", "failed: nobody.test leads nowhere: UnknownHost."),
        ("no host", "failed: no host leads nowhere: MalformedHost."),
    ],
)
def test_a_host_is_explained_as_the_resolver_sees_it(host: str, says: str) -> None:
    assert run("domain", host).strip().endswith(says)


def test_everybody_who_claims_a_host_is_shown_with_what_was_found(
    acme: Agency, globex: Agency, domain: Domain, names: Names
) -> None:
    theirs = verification.claim(agency_id=globex.pk, typed=domain.domain)
    prove(names, theirs)
    for row in (domain, theirs):
        verification.refresh(domain_id=row.pk, dns=names.dns(), now=timezone.now())
    said = run("domain", domain.domain)
    for words in (
        "acme (ready): custom, pending",
        "globex (ready): custom, active, primary",
        f"CNAME {records.target(domain)}",
        f"_portal-challenge.{domain.domain} TXT {theirs.token}",
        "cname_elsewhere",
        "was beaten",
        f"{domain.domain} leads to the portal of globex.",
    ):
        assert words in said, words


def test_an_international_host_is_explained_in_either_spelling(acme: Agency) -> None:
    verification.claim(agency_id=acme.pk, typed="portal.münchen.test")
    for typed in ("portal.münchen.test", "portal.xn--mnchen-3ya.test"):
        said = run("domain", typed)
        assert "shown as      portal.münchen.test" in said
        assert "failed: portal.xn--mnchen-3ya.test leads nowhere: UnverifiedHost." in said


def test_a_former_slug_is_explained(acme: Agency) -> None:
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    said = run("domain", "acme.portal.localhost")
    assert "gives way" in said
    assert "led on to http://acme-voice.portal.localhost/" in said


def test_explaining_a_host_asks_nobody(domain: Domain, names: Names) -> None:
    run("domain", domain.domain)
    assert names.questions(domain.domain) == []


def test_all_domains_are_looked_at_now_and_what_was_found_is_taken_as_true(domain: Domain, names: Names) -> None:
    said = run("check_domains", "--all")
    assert "pending -> pending" in said
    assert said.endswith("failed: 1 domains looked at, 1 without proof.")
    prove(names, domain)
    said = run("check_domains", "--agency", "acme")
    assert "pending -> active" in said
    assert "points to us" in said
    assert said.endswith("1 domains looked at, 0 without proof.\n")
    domain.refresh_from_db()
    assert domain.state == State.ACTIVE
    assert connection.schema_name == "public"


def test_a_name_given_back_is_not_looked_at(domain: Domain, names: Names) -> None:
    prove(names, domain)
    run("check_domains", "--all")
    verification.release(domain_id=domain.pk)
    assert run("check_domains", "--all") == "0 domains looked at, 0 without proof.\n"
