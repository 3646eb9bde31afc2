"""Keys of pages, latest first: time and id of the last row shown, so that nothing is shown twice or left out."""

from datetime import UTC, datetime
from uuid import UUID


def write_key(at: datetime, pk: UUID) -> str:
    """The key of the page that begins after the row with this time and id."""
    return f"{at.isoformat()}~{pk}"


def read_key(after: str) -> tuple[datetime, UUID] | None:
    """The time and id of a key; None for a text that is none, such as one that somebody made up."""
    at, _sign, pk = after.partition("~")
    try:
        told = datetime.fromisoformat(at)
        return (told.astimezone(UTC), UUID(pk)) if told.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None
