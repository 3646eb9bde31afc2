"""Names of schemas: `public` for what the platform knows of agencies, `a_<id>` for what is an agency's own.

A schema is never named after a slug, so that a slug can change and never becomes part of an SQL statement.
"""

import re

from tenancy.wire import connection

PUBLIC = "public"
_AGENCY = re.compile(r"a_([1-9][0-9]{0,18})\Z")


class NotInAnAgency(RuntimeError):
    """Code that belongs into an agency's schema ran in public."""


def name_for(agency_id: int) -> str:
    """The schema of the agency with this id."""
    return f"a_{agency_id}"


def agency_id_of(schema: str) -> int | None:
    """The agency's id, or None for public and for everything that is no agency's schema."""
    match = _AGENCY.match(schema)
    return int(match[1]) if match else None


def current() -> str:
    """The schema that the connection of this thread is in."""
    return connection.schema_name


def current_agency_id() -> int:
    """The id of the agency whose schema this thread is in.

    Raises NotInAnAgency in public.
    """
    agency_id = agency_id_of(current())
    if agency_id is None:
        raise NotInAnAgency(f"the connection is in {current()!r}; enter an agency through tenancy.door first")
    return agency_id
