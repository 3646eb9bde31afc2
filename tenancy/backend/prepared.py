"""Statements that the server parses and plans once for a connection, and that are asked without a cursor.

For the few that run with every payment and every call: a cursor, and parsing them each time, cost more than they do.
"""

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
        if not self.connection.autocommit and pgconn.transaction_status == TransactionStatus.IDLE:
            self._checked(pgconn.exec_(b"BEGIN"))
        transformer = Transformer(self.connection)
        # NULLs among them go as they are; the stub forgets that.
        sent = transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))
        result = self._checked(pgconn.exec_prepared(name, cast("Sequence[bytes]", sent), None, Format.BINARY))
        if not result.ntuples:
            return None
        transformer.set_pgresult(result)
        return transformer.load_row(0, tuple)

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
