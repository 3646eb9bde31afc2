"""What every test stands on: a public schema and two open agencies, made once; each test is rolled back.

Tests that must commit (threads, processes) ask for `own_agency`, which is opened for them and dropped behind them.
"""

import gc
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client as Visitor

from agencies.models import Agency
from agencies.opening import open_agency
from clients.models import Client
from people.models import User
from tenancy import door

_numbers = itertools.count(1)

# The product's modules stay: to walk through all of them again and again costs a twentieth of a run.
gc.set_threshold(100_000, 50, 50)

# Each worker of a parallel run empties its own Redis database and nobody else's. The last one is the live product's.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
settings.REDIS_URL = f"{settings.REDIS_URL.rpartition('/')[0]}/{1 + _worker % 8}"
for _cache in settings.CACHES.values():
    _cache["LOCATION"] = settings.REDIS_URL


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """One database for each worker of a parallel run."""


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Migrate public, then open acme (of Ada) and globex (of Gus)."""
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        config = setup_databases(verbosity=0, interactive=False)
        open_agency(slug="acme", company_name="Acme Voice", owner=User.objects.create_user("ada@acme.test", name="Ada"))
        open_agency(slug="globex", company_name="Globex", owner=User.objects.create_user("gus@globex.test", name="Gus"))
    yield
    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        teardown_databases(config, verbosity=0)


@pytest.fixture(autouse=True)
def in_public() -> Iterator[None]:
    """No test starts in the schema that another one ended in."""
    connection.set_schema_to_public()
    yield
    connection.set_schema_to_public()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Argon2 takes its time on purpose. Whether it is the one in use is asked in tests/architecture."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def impatient_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's library waits half a second and longer before it tries again."""
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    monkeypatch.setattr("stripe._http_client.HTTPClient.MAX_DELAY", 0.02)


@pytest.fixture(autouse=True)
def empty_caches() -> Iterator[None]:
    """Rate limits and known hosts of one test are not those of the next."""
    for alias in settings.CACHES:
        caches[alias].clear()
    yield


@pytest.fixture(autouse=True)
def signed_in_just_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign-in without its form leaves the same trace in the session as one by password."""
    force_login = Visitor.force_login

    def with_trace(visitor: Visitor, user: Any, backend: str | None = None) -> None:
        force_login(visitor, user, backend)
        session = visitor.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()

    monkeypatch.setattr(Visitor, "force_login", with_trace)


@pytest.fixture
def acme(db: None) -> Agency:
    return Agency.objects.select_related("branding").get(slug="acme")


@pytest.fixture
def globex(db: None) -> Agency:
    return Agency.objects.select_related("branding").get(slug="globex")


@pytest.fixture
def inside_acme(acme: Agency) -> Iterator[Agency]:
    """The whole test runs in acme's schema."""
    with door.enter(acme):
        yield acme


@pytest.fixture
def ben(inside_acme: Agency) -> Client:
    """A client of acme, who has no wallet yet."""
    return Client.objects.create(name="Ben", email="ben@client.test")


@pytest.fixture
def no_transaction(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """No transaction is open around the test. What it commits stays: nothing is flushed, for logs refuse to be."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def own_agency(django_db_setup: None, django_db_blocker: Any) -> Iterator[Agency]:
    """An agency of this test alone, committed; its schema and its rows are gone afterwards."""
    with django_db_blocker.unblock(), _committed_agency() as agency:
        yield agency


@pytest.fixture
def rival_agency(own_agency: Agency, django_db_blocker: Any) -> Iterator[Agency]:
    """Another one beside it, for tests of what two agencies do at the same time."""
    with django_db_blocker.unblock(), _committed_agency() as agency:
        yield agency


@contextmanager
def _committed_agency() -> Iterator[Agency]:
    number = next(_numbers)
    connection.set_schema_to_public()
    owner = User.objects.create_user(f"owner{number}@own{number}.test")
    agency = open_agency(slug=f"own-{number}", company_name=f"Own {number}", owner=owner)
    try:
        yield agency
    finally:
        connection.rollback() if connection.in_atomic_block else None
        connection.set_schema_to_public()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{agency.schema_name}" CASCADE')
            mine = "SELECT id FROM agencies_membership WHERE agency_id = %s"
            cursor.execute(f"DELETE FROM notifications_copy WHERE membership_id IN ({mine})", [agency.pk])
            cursor.execute("DELETE FROM agencies_membership WHERE agency_id = %s", [agency.pk])
        Agency.objects.filter(pk=agency.pk).delete()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM people_user WHERE id = %s", [owner.pk])


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The running product. Tests that use it carry xdist_group("live"), so that one worker runs them all."""
    from tests.support import live as product

    with product.running(tmp_path_factory.mktemp("live") / "var") as running:
        yield running


@pytest.fixture
def cast(acme: Agency, globex: Agency) -> Any:
    from tests.support.cast import Cast

    return Cast(acme, globex)
