"""The connection of this thread, with the type that our backend gives it."""

from typing import TYPE_CHECKING, cast

from django import db

if TYPE_CHECKING:
    from tenancy.backend.base import DatabaseWrapper

connection = cast("DatabaseWrapper", db.connection)
