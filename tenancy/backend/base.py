"""A connection whose search path is proved in the statement that sets it.

PostgreSQL ignores unknown names in a search path. A missing or mistyped schema would therefore read the tables of the
same name in public; here it is an error instead.
"""

import select
from collections.abc import Sequence
from typing import Any, LiteralString

from django.db.backends.utils import debug_transaction
from django.db.utils import DatabaseError
from django_tenants.postgresql_backend import base
from psycopg.pq import TransactionStatus

from tenancy.backend.prepared import Prepared

# set_config() and current_schema() in one statement: there is no moment between setting and proving. The target list is
# evaluated from left to right, and current_schema() reads the path anew.
_SET_AND_PROVE = "SELECT set_config('search_path', %s, false), current_schema()"
# Where a connection keeps its own.
_PREPARED = "portal_prepared"


class SchemaMissing(DatabaseError):
    """The schema that a connection was sent to does not exist."""


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    tenant: Any
    schema_name: str
    search_path_set_schemas: list[str] | None
    _setting_search_path: bool
    health_check_enabled: bool
    health_check_done: bool

    def ask_prepared(self, statement: LiteralString, values: Sequence[Any]) -> Any:
        """The first row of a statement that the server keeps parsed, as a tuple, or None: in the proved path, in the
        open transaction.

        See tenancy.backend.prepared for what may stand in the statement.
        """
        if self.execute_wrappers or self.queries_logged:
            # Somebody watches the statements of this connection.
            with self.cursor() as watched:
                watched.execute(statement, values)
                return watched.fetchone() if watched.description else None
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        self.close_if_health_check_failed()
        self.ensure_connection()
        self._handle_search_path()
        with self.wrap_database_errors:
            return self._statements().ask(statement, values)

    def _commit(self) -> None:
        if self.connection is not None:
            with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
                self._statements().commit()

    def _statements(self) -> Prepared:
        """They are kept with the connection itself, which may come from a pool and have been somebody else's."""
        known: Prepared | None = getattr(self.connection, _PREPARED, None)
        if known is None:
            known = Prepared(self.connection)
            setattr(self.connection, _PREPARED, known)
        return known

    def close_if_health_check_failed(self) -> None:
        """Before each request: the server is asked whether it is there, unless the connection is quiet.

        A server that went has closed its end, and one that has something to say has said it: both can be read. Nothing
        to read is what a question would find out, for a thousandth of the time.
        """
        if (
            self.connection is not None
            and self.health_check_enabled
            and not self.health_check_done
            and self._is_quiet()
        ):
            self.health_check_done = True
        super().close_if_health_check_failed()

    def _is_quiet(self) -> bool:
        if self.connection.closed:
            return False
        watched = select.poll()
        watched.register(self.connection.fileno(), select.POLLIN)
        return not watched.poll(0)

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path or self.search_path_set_schemas:
            return
        paths = self._get_cursor_search_paths()
        self._setting_search_path = True
        own = self.connection.cursor() if cursor is None else cursor
        try:
            own.execute(_SET_AND_PROVE, [",".join(f'"{path}"' for path in paths)])
            proved = own.fetchone()[1]
        except base.DatabaseError:
            # A failed transaction refuses every statement until it is rolled back: the one that follows fails as well,
            # and says better why. After anything else, such as a cancelled query, it would run on the old path.
            if self.connection.info.transaction_status != TransactionStatus.INERROR:
                raise
            return
        finally:
            self._setting_search_path = False
            if cursor is None:
                own.close()
        if proved != paths[0]:
            raise SchemaMissing(f"schema {paths[0]!r} does not exist")
        self.search_path_set_schemas = paths
