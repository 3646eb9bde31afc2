"""Rows that are read under their lock and written back by statements which the server keeps parsed.

They mean what `select_for_update(no_key=True)` and `save(update_fields=...)` mean, at a third of the cost: for the few
rows that every payment goes through. A row is written only in the schema it was read in, as everywhere.
"""

import json
from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast

from django.db.models import CharField, Field, JSONField, Model
from django.db.transaction import TransactionManagementError

from tenancy import guard
from tenancy.wire import connection

_Row = TypeVar("_Row", bound=Model)


def lock(model: type[_Row], pk: Any) -> _Row | None:
    """The row with this key, locked until the transaction ends; None when there is none. Only inside a transaction."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("a row is locked inside a transaction")
    values = connection.ask_prepared(_reading(model), [pk])
    if values is None:
        return None
    read = [_parsed(field, value) for field, value in zip(model._meta.concrete_fields, values, strict=True)]
    return model.from_db(connection.alias, _names(model), read)


def write(row: Model, fields: Sequence[str]) -> None:
    """Write these fields of a row that is locked. No signal is sent. Raises the model's DoesNotExist if it has gone."""
    guard.refuse_foreign_row(row)
    model = type(row)
    chosen = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in fields]
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in chosen]
    if connection.ask_prepared(_writing(model, tuple(fields)), [*values, row.pk]) is None:
        raise model.DoesNotExist(row.pk)  # type: ignore[attr-defined]


def insert(rows: Sequence[Model]) -> None:
    """Write new rows of one model, all by COPY. No signal is sent, nothing is read back: keys and defaults are theirs.

    Raises IntegrityError as `bulk_create` does.
    """
    if not rows:
        return
    model = type(rows[0])
    json_at = [place for place, field in enumerate(model._meta.concrete_fields) if isinstance(field, JSONField)]
    values_of = attrgetter(*_names(model))
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(_copying(model)) as sent:
        for row in rows:
            values = list(values_of(row))
            for place in json_at:
                values[place] = json.dumps(values[place])
            sent.write_row(values)


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _copying(model: type[Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    return f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'


@cache
def _reading(model: type[Model]) -> str:
    # JSON as text, since who reads it parsed depends on the cursor.
    columns = ", ".join(
        f'"{field.column}"{"::text" if isinstance(field, JSONField) else ""}' for field in model._meta.concrete_fields
    )
    return f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {_is_it(model)} FOR NO KEY UPDATE'  # noqa: S608


@cache
def _writing(model: type[Model], fields: tuple[str, ...]) -> str:
    chosen = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in fields]
    values = ", ".join(f'"{field.column}" = %s::{_type(field)}' for field in chosen)
    return f'UPDATE "{model._meta.db_table}" SET {values} WHERE {_is_it(model)} RETURNING 1'  # noqa: S608


def _parsed(field: "Field[Any, Any]", value: Any) -> Any:
    return json.loads(value) if isinstance(field, JSONField) and value is not None else value


def _is_it(model: type[Model]) -> str:
    key = model._meta.pk
    return f'"{key.column}" = %s::{key.rel_db_type(connection)}'


def _type(field: "Field[Any, Any]") -> str:
    """What the server takes the value for. A text is not cut to its column's length: too long a one is an error."""
    return "text" if isinstance(field, CharField) else field.db_type(connection) or ""
