"""The connection: asked for its health only when there is reason to, and prepared statements that fail like others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connections, transaction
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency
from tenancy.backend.base import DatabaseWrapper
from tenancy.wire import connection

pytestmark = pytest.mark.usefixtures("no_transaction")
PID = "SELECT pg_backend_pid()"
EARLIER = "SELECT %s::integer + 1"


@pytest.fixture
def own() -> Iterator[DatabaseWrapper]:
    """A connection of this test alone, between two requests that keep it."""
    fresh = connections.create_connection("default")
    fresh.settings_dict = {**fresh.settings_dict, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    fresh.ensure_connection()
    fresh.close_if_unusable_or_obsolete()
    yield fresh
    fresh.close()


def pid(of: DatabaseWrapper) -> int:
    return int(of.ask_prepared(PID, [])[0])


def next_request(of: DatabaseWrapper) -> None:
    of.health_check_done = False
    of.close_if_unusable_or_obsolete()
    of.health_check_enabled = True


def test_a_connection_with_nothing_to_read_is_kept_without_a_question(own: DatabaseWrapper) -> None:
    before = pid(own)
    next_request(own)
    with CaptureQueriesContext(own) as asked:
        assert pid(own) == before
    assert [query["sql"] for query in asked] == [PID]


@pytest.mark.parametrize("is_prepared", [True, False])
def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(
    own: DatabaseWrapper, is_prepared: bool
) -> None:
    before = pid(own)
    with psycopg.connect(**{**own.get_connection_params(), "cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    next_request(own)
    if is_prepared:
        assert pid(own) != before
    else:
        with own.cursor() as cursor:
            cursor.execute(PID)
            assert cursor.fetchone() != (before,)


def test_a_connection_that_ends_while_it_is_asked_is_an_operational_error(own: DatabaseWrapper) -> None:
    with pytest.raises(OperationalError):
        own.ask_prepared("SELECT pg_terminate_backend(pg_backend_pid())", [])


def test_a_statement_stays_prepared_over_a_rollback() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        assert connection.ask_prepared(EARLIER, [1]) == (2,)
        connection.ask_prepared("INSERT INTO domains_domain (domain) VALUES (%s::text) RETURNING 1", ["x"])
    assert connection.ask_prepared(EARLIER, [2]) == (3,)
    assert connection.ask_prepared("SELECT 1 WHERE %s::bool", [False]) is None


def test_the_first_statement_of_a_transaction_is_inside_it() -> None:
    with transaction.atomic():
        first = connection.ask_prepared("SELECT pg_current_xact_id()::text", [])
        assert connection.ask_prepared("SELECT pg_current_xact_id()::text", []) == first
    assert connection.ask_prepared("SELECT pg_current_xact_id()::text", []) != first


def test_a_failed_first_statement_leaves_no_transaction_behind() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.ask_prepared("INSERT INTO domains_domain (domain) VALUES (%s::text) RETURNING 1", ["x"])
    assert connection.ask_prepared(EARLIER, [1]) == (2,)


def test_an_aborted_transaction_refuses_and_is_rolled_back() -> None:
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.ask_prepared("INSERT INTO domains_domain (domain) VALUES (%s::text) RETURNING 1", ["x"])
        assert connection.ask_prepared(EARLIER, [1]) == (2,)


@pytest.mark.parametrize("is_first", [True, False])
def test_who_waits_for_an_answer_does_not_hold_up_other_threads(own: DatabaseWrapper, is_first: bool) -> None:
    """One waits for a lock that the other gives back: if waiting kept the interpreter, neither would go on."""
    with transaction.atomic():
        connection.ask_prepared("SELECT pg_advisory_xact_lock(4711)::text", [])
        own.inc_thread_sharing()

        def wait() -> None:
            own.set_autocommit(not is_first)
            own.ask_prepared("SELECT pg_advisory_xact_lock(4711)::text", [])
            own.commit() if is_first else None

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(wait)
            waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while connection.ask_prepared(waits, [])[0] == 0:
                assert not waiting.done()
            transaction.set_rollback(True)
            connection.connection.rollback()
            waiting.result(timeout=10)


@pytest.fixture
def pooled() -> Iterator[DatabaseWrapper]:
    """Two threads' places at one pool that has a single connection."""
    fresh = connections.create_connection("default")
    options = {**fresh.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1, "timeout": 5}}
    fresh.settings_dict = {**fresh.settings_dict, "CONN_MAX_AGE": 0, "OPTIONS": options}
    yield fresh
    fresh.close()
    fresh.close_pool()


def test_a_pooled_connection_keeps_its_statements_and_never_the_path_of_who_had_it(
    pooled: DatabaseWrapper, own_agency: Agency
) -> None:
    path = "SELECT current_schema()::text"
    pooled.set_schema(own_agency.schema_name)
    before, where = pid(pooled), pooled.ask_prepared(path, [])
    pooled.close()
    pooled.set_schema_to_public()
    assert (pid(pooled), where, pooled.ask_prepared(path, [])) == (before, (own_agency.schema_name,), ("public",))
