"""Statements that the server parses and plans once for a connection, and that are asked without a cursor.

For the few that run with every payment and every call: a cursor, and parsing them each time, cost more than they do.
"""

import select
from collections.abc import Sequence
from typing import Any, LiteralString, cast

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult


class Prepared:
    """The statements of one connection. They go with it, and no rollback takes them back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._names: dict[str, bytes] = {}

    def ask(self, statement: LiteralString, values: Sequence[Any]) -> Any:
        """The first row of the statement's answer as a tuple, or None, in the open transaction; opens one where Django
        expects it.

        `%s` stands for a value, and nothing else does; each has a cast, since the server is told before it sees any.
        Raises what a cursor raises.
        """
        pgconn = self.connection.pgconn
        name = self._names.get(statement) or self._parse(statement)
        transformer = Transformer(self.connection)
        # NULLs among them go as they are; the stub forgets that.
        sent = cast("Sequence[bytes]", transformer.dump_sequence(values, [PyFormat.TEXT] * len(values)))
        if self.connection.autocommit or pgconn.transaction_status != TransactionStatus.IDLE:
            result = self._checked(pgconn.exec_prepared(name, sent, None, Format.BINARY))
        else:
            result = self._begin_with(name, sent)
        if not result.ntuples:
            return None
        transformer.set_pgresult(result)
        return transformer.load_row(0, tuple)

    def commit(self) -> None:
        """End the open transaction, if there is one. Raises what a cursor raises."""
        if self.connection.pgconn.transaction_status != TransactionStatus.IDLE:
            self._checked(self.connection.pgconn.exec_(b"COMMIT"))

    def _begin_with(self, name: bytes, sent: Sequence[bytes]) -> PGresult:
        """Open the transaction and ask, in one journey to the server instead of two."""
        pgconn, begin = self.connection.pgconn, self._names.get("BEGIN") or self._parse("BEGIN")
        pgconn.enter_pipeline_mode()
        try:
            pgconn.send_query_prepared(begin, None)
            pgconn.send_query_prepared(name, sent, None, Format.BINARY)
            pgconn.pipeline_sync()
            begun, result = self._next(), self._next()
            self._arrived()
        finally:
            pgconn.exit_pipeline_mode()
        self._checked(begun)
        return self._checked(result)

    def _next(self) -> PGresult:
        """The answer to the next statement sent; libpq says after each that there is no more of it."""
        result = self._arrived()
        if result is None:
            raise psycopg.OperationalError("the connection is lost")
        self._arrived()
        return result

    def _arrived(self) -> PGresult | None:
        """What comes next, waited for as other threads go on: `get_result` alone would keep the interpreter's lock."""
        pgconn, watched = self.connection.pgconn, select.poll()
        watched.register(pgconn.socket, select.POLLIN)
        while pgconn.is_busy():
            watched.poll()
            pgconn.consume_input()
        return pgconn.get_result()

    def _parse(self, statement: str) -> bytes:
        first, *others = statement.split("%s")
        numbered = first + "".join(f"${number}{other}" for number, other in enumerate(others, 1))
        name = b"portal_%d" % len(self._names)
        self._checked(self.connection.pgconn.prepare(name, numbered.encode()))
        self._names[statement] = name
        return name

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if self.connection.pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(self.connection.pgconn.get_error_message())
        raise psycopg.errors.error_from_result(result, self.connection.info.encoding)
