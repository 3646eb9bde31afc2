"""A query runs in the schema it was written in, and a row is saved in the schema it was read from.

Querysets are lazy: one that is carried out of an agency's schema would silently read the table of the same name in
public or in another agency. Models that live in public alone are free, since public is on every path.
"""

from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.db.models.sql import Query

from tenancy import schemas


class WrongSchema(RuntimeError):
    """A query or a row was carried from one schema into another."""


@cache
def lives_in_agencies(app_label: str) -> bool:
    """Whether the app's tables exist in agencies' schemas (alone, or in public as well)."""
    return apps.get_app_config(app_label).name in settings.TENANT_APPS


def _refuse(what: str, model: type[Model], born: str | None) -> None:
    here = schemas.current()
    if born is not None and born != here and lives_in_agencies(model._meta.app_label):
        raise WrongSchema(f"{what} of {model.__name__} belongs to schema {born!r}, the connection is in {here!r}")


def refuse_foreign_row(row: Model) -> None:
    """Raise WrongSchema when the row was read in another schema than the current one."""
    _refuse("a row", type(row), getattr(row._state, "schema", None))


class SameSchemaRouter:
    """Follows relations and deferred fields only in the schema that a row was read in."""

    def db_for_read(self, model: type[Model], **hints: Any) -> None:
        self._check(hints.get("instance"))

    def db_for_write(self, model: type[Model], **hints: Any) -> None:
        self._check(hints.get("instance"))

    def _check(self, row: Model | None) -> None:
        if row is not None:
            refuse_foreign_row(row)


def install() -> None:
    """Hook the guard into Django's query and model classes. Called once, when the apps are ready."""
    _watch_queries()
    _watch_rows()


def _watch_queries() -> None:
    query_init, query_compiler = Query.__init__, Query.get_compiler

    def remembering_init(self: Any, *args: Any, **kwargs: Any) -> None:
        query_init(self, *args, **kwargs)
        self.written_in = schemas.current()

    def checked_compiler(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.model is not None:
            _refuse("a query", self.model, self.written_in)
        return query_compiler(self, *args, **kwargs)

    Query.__init__ = remembering_init  # type: ignore[method-assign]
    Query.get_compiler = checked_compiler  # type: ignore[method-assign]


def _watch_rows() -> None:
    from_db, save_base, delete = Model.from_db.__func__, Model.save_base, Model.delete  # type: ignore[attr-defined]

    def marked_from_db(cls: type[Model], *args: Any, **kwargs: Any) -> Model:
        row: Model = from_db(cls, *args, **kwargs)
        row._state.schema = schemas.current()  # type: ignore[attr-defined]
        return row

    def checked_save_base(self: Model, *args: Any, **kwargs: Any) -> None:
        refuse_foreign_row(self)
        save_base(self, *args, **kwargs)
        self._state.schema = schemas.current()  # type: ignore[attr-defined]

    def checked_delete(self: Model, *args: Any, **kwargs: Any) -> Any:
        refuse_foreign_row(self)
        return delete(self, *args, **kwargs)

    Model.from_db = classmethod(marked_from_db)  # type: ignore[assignment]
    Model.save_base = checked_save_base  # type: ignore[method-assign]
    Model.delete = checked_delete  # type: ignore[method-assign]
