"""A certificate is for an agency's own name that is served, at this moment and within the budget; for nothing else."""

import json
import logging
import socket
import threading
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Agency
from domains import permission
from domains.models import Domain

pytestmark = pytest.mark.django_db
NAME = "voice.acme.test"


def own(agency: Agency, state: str = "verified", name: str = NAME, **values: Any) -> Domain:
    values = {"kind": "custom", "token": name.replace(".", "")} | values
    return Domain.objects.create(domain=name, tenant=agency, state=state, **values)


@pytest.mark.parametrize(
    ("state", "may"),
    [
        ("pending", False),
        ("verified", True),
        ("active", True),
        ("failing", True),
        ("lost", False),
        ("released", False),
    ],
)
def test_a_name_that_is_served_may_have_one(state: str, may: bool, acme: Agency) -> None:
    own(acme, state)
    assert permission.may_have_certificate(NAME) is may


def test_every_state_has_been_thought_of() -> None:
    states = {"pending", "verified", "active", "failing", "lost", "released"}
    assert set(Domain.State.values) == states


def test_what_another_agency_merely_claims_changes_nothing(acme: Agency, globex: Agency) -> None:
    own(globex, "pending", token="another")
    assert not permission.may_have_certificate(NAME)
    own(acme, "active")
    assert permission.may_have_certificate(NAME)


@pytest.mark.parametrize("state", ["closing", "closed"])
def test_an_agency_that_closes_gets_no_certificates(state: str, acme: Agency) -> None:
    own(acme, "active")
    Agency.objects.filter(pk=acme.pk).update(state=state)
    assert not permission.may_have_certificate(NAME)


@pytest.mark.parametrize(
    "host",
    [
        "acme.portal.localhost",
        "portal.localhost",
        "operators.localhost",
        "127.0.0.1",
        "unknown.test",
        "sub.voice.acme.test",
        "acme.test",
        "",
        "voice.acme.test.",
        "Voice.acme.test",
        "a b",
        "ä.test",
    ],
)
def test_slugs_our_own_hosts_and_unknown_names_get_none(host: str, acme: Agency) -> None:
    own(acme, "active")
    assert not permission.may_have_certificate(host)


def test_the_permission_goes_with_the_row_at_once(acme: Agency) -> None:
    domain = own(acme, "active", active_at=timezone.now())
    for state, may in (("active", True), ("lost", False), ("active", True), ("released", False)):
        Domain.objects.filter(pk=domain.pk).update(state=state)
        assert permission.may_have_certificate(NAME) is may


def test_it_asks_the_database_once_and_opens_no_connection_of_its_own(
    acme: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(acme)
    permission.may_have_certificate(NAME)
    monkeypatch.setattr(socket, "getaddrinfo", mock.Mock(side_effect=AssertionError("a name was looked up")))
    monkeypatch.setattr(socket.socket, "sendto", mock.Mock(side_effect=AssertionError("a datagram was sent")))
    for name in (NAME, "unknown.test"):
        with CaptureQueriesContext(connection) as queries:
            permission.may_have_certificate(name)
        assert len(queries) == 1


def test_among_many_names_it_is_found_by_an_index(acme: Agency) -> None:
    many = [Domain(domain=f"n{n}.test", tenant=acme, kind="custom", token=f"n{n}") for n in range(5_000)]
    Domain.objects.bulk_create(many)
    with CaptureQueriesContext(connection) as queries:
        assert permission.may_have_certificate("n4711.test")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE domains_domain")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {queries[0]['sql']}")
        plan = cursor.fetchone()[0]
    nodes = list(_nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    reads = [node["Node Type"] for node in nodes if node.get("Relation Name") == "domains_domain"]
    assert reads
    assert all(read in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan") for read in reads), reads


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for inner in plan.get("Plans", []) for node in _nodes(inner))]


def test_one_name_has_a_budget_for_each_hour(
    acme: Agency, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CERTIFICATES_PER_DOMAIN_PER_HOUR = 3
    own(acme, "active", active_at=timezone.now())
    own(acme, "active", name="other.acme.test", active_at=timezone.now())
    at(monkeypatch, 7_200.0)
    with caplog.at_level(logging.WARNING):
        assert [permission.may_have_certificate(NAME) for _ in range(5)] == [True, True, True, False, False]
    assert len(caplog.messages) == 1
    assert NAME in caplog.text
    assert permission.may_have_certificate("other.acme.test")
    at(monkeypatch, 10_799.0)
    assert not permission.may_have_certificate(NAME)
    at(monkeypatch, 10_800.0)
    assert permission.may_have_certificate(NAME)


def test_names_that_never_had_one_share_a_budget(
    acme: Agency, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CERTIFICATES_PER_HOUR = 2
    for number in range(4):
        own(acme, name=f"{number}.acme.test")
    own(acme, "active", active_at=timezone.now())
    at(monkeypatch, 7_200.0)
    with caplog.at_level(logging.WARNING):
        asked = [permission.may_have_certificate(f"{number}.acme.test") for number in range(4)]
    assert asked == [True, True, False, False]
    assert len(caplog.messages) == 1
    assert permission.may_have_certificate(NAME), "a proxy that was restarted asks again for what it has"
    at(monkeypatch, 10_800.0)
    assert permission.may_have_certificate("3.acme.test")


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(permission.time, "time", lambda: seconds)


def test_answers_are_counted_by_the_hour(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    own(acme)
    own(acme, "active", name="known.acme.test", active_at=timezone.now())
    at(monkeypatch, 7_200.0)
    assert permission.counts() == permission.Counts(allowed=0, first_ones=0, denied=0)
    for name in (NAME, "known.acme.test", "unknown.test", "a b", "acme.portal.localhost"):
        permission.may_have_certificate(name)
    assert permission.counts() == permission.Counts(allowed=2, first_ones=1, denied=3)
    at(monkeypatch, 10_800.0)
    assert permission.counts() == permission.Counts(allowed=0, first_ones=0, denied=0)


def test_what_is_beyond_the_budget_counts_as_denied(acme: Agency, settings: Any) -> None:
    settings.CERTIFICATES_PER_DOMAIN_PER_HOUR = 0
    own(acme)
    assert not permission.may_have_certificate(NAME)
    assert permission.counts().denied == 1


def test_a_flood_of_refusals_is_said_once_a_minute(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CERTIFICATE_DENIALS_PER_MINUTE = 5
    with caplog.at_level(logging.WARNING):
        for minute, refusals, said in ((7_200.0, 5, 0), (7_260.0, 30, 1), (7_320.0, 6, 2)):
            at(monkeypatch, minute)
            for number in range(refusals):
                permission.may_have_certificate(f"{number}.unknown.test")
            assert len(caplog.messages) == said


def test_many_at_once_are_counted_one_by_one(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 7_200.0)
    threads = [threading.Thread(target=permission._denied) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert permission.counts().denied == 20


def test_while_redis_is_away_the_row_alone_decides(
    acme: Agency, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CERTIFICATES_PER_HOUR = settings.CERTIFICATES_PER_DOMAIN_PER_HOUR = 1
    own(acme)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.REDIS_URL = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
    with caplog.at_level(logging.WARNING):
        assert [permission.may_have_certificate(NAME) for _ in range(3)] == [True] * 3
        assert not permission.may_have_certificate("unknown.test")
    assert "not counted: ConnectionError" in caplog.text
