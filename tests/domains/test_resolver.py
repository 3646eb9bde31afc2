"""Each way of not knowing a host is an error of its own; what is known is kept for seconds and forgotten on demand."""

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency
from domains import resolver
from domains.resolver import Place

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("portal.localhost", Place.PLATFORM),
        ("operators.localhost", Place.OPERATORS),
        ("127.0.0.1", Place.INTERNAL),
        ("acme.portal.localhost", Place.PORTAL),
    ],
)
def test_each_host_has_its_place(host: str, place: Place) -> None:
    assert resolver.resolve(host).place is place


@pytest.mark.parametrize(("host", "error"), [("a b", resolver.MalformedHost), ("nobody.test", resolver.UnknownHost)])
def test_what_is_not_known_is_an_error(host: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        resolver.resolve(host)


def test_a_claimed_domain_is_an_error_of_its_own(acme: Agency) -> None:
    acme.domains.create(domain="voice.acme.test", kind="custom", state="pending", token="t")
    with pytest.raises(resolver.UnverifiedHost):
        resolver.resolve("voice.acme.test")


def test_a_host_that_is_not_known_is_asked_for_each_time() -> None:
    for _twice in range(2):
        with CaptureQueriesContext(connection) as queries, pytest.raises(resolver.UnknownHost):
            resolver.resolve("nobody.test")
        assert any("domains_domain" in query["sql"] for query in queries)


def test_another_process_hears_of_a_change_through_the_token(acme: Agency) -> None:
    resolver.resolve("acme.portal.localhost")
    acme.domains.update(domain="renamed.portal.localhost")
    assert resolver.resolve("acme.portal.localhost").agency == acme
    caches["hosts"].set("token", "of another process", timeout=None)
    with pytest.raises(resolver.UnknownHost):
        resolver.resolve("acme.portal.localhost")


def test_nothing_is_forgotten_before_the_change_is_committed(acme: Agency, django_capture_on_commit_callbacks) -> None:
    resolver.resolve("acme.portal.localhost")
    with django_capture_on_commit_callbacks() as waiting:
        resolver.forget()
    assert len(waiting) == 1
