"""The one door into an agency's schema. Nothing else in the project moves a connection.

Inside `with door.enter(agency)` every query of this thread runs in that agency's schema; behind it, also after an
exception, the connection is where it was before. The path is proved by the backend at the first statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tenancy import schemas
from tenancy.wire import connection


class Enterable(Protocol):
    """What the door needs to know of an agency."""

    @property
    def pk(self) -> int: ...
    @property
    def schema_name(self) -> str: ...
    @property
    def is_ready(self) -> bool: ...


class AgencyNotReady(RuntimeError):
    """The agency is closed, or is being closed: nobody works in its schema."""


class AlreadyInside(RuntimeError):
    """The connection is in another agency's schema. Agencies are never entered from one another."""


@contextmanager
def enter(agency: Enterable) -> Iterator[None]:
    """Move this thread's connection into the agency's schema for the length of the block.

    Raises AgencyNotReady, or AlreadyInside when the thread is in another agency's schema.
    """
    if not agency.is_ready:
        raise AgencyNotReady(f"agency {agency.pk} is not ready")
    if agency.schema_name != schemas.name_for(agency.pk):
        raise AgencyNotReady(f"agency {agency.pk} does not own schema {agency.schema_name!r}")
    before = connection.tenant
    if before.schema_name not in (schemas.PUBLIC, agency.schema_name):
        raise AlreadyInside(f"from {before.schema_name} there is no way into {agency.schema_name}")
    connection.set_tenant(agency)
    try:
        yield
    finally:
        connection.set_tenant(before)


@contextmanager
def leave() -> Iterator[None]:
    """Step out to public for the length of the block, and back in afterwards."""
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)
