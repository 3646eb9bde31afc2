"""The README of an archive: what each file is, and what each of its columns means. Pure."""

from collections.abc import Iterable, Sequence

from leaving.columns import Table
from leaving.models import Export

_HEAD = """\
{title}
{line}

Asked for on {asked:%Y-%m-%d} at {asked:%H:%M} UTC.

Files ending in .csv are tables: UTF-8, commas, every field in quotes, the names of the columns in the first line. A
text that a spreadsheet would run as a formula has an apostrophe in front. Files ending in .json are settings.
manifest.json lists every file with its number of rows and its SHA-256.

Time is in seconds: 60 seconds are one credit. Money is in the smallest unit of its currency: 4000 eur is 40.00 EUR.

The portal went on while this was written. What was booked meanwhile may stand in one file and not in another; in
statements.csv every line has the balance after it, and the last line of a client is their balance.

Not in here: keys, passwords and secrets, which nobody can read; what was said in calls, which is at HMS.
"""


def text(tables: Sequence[Table], export: Export, extras: Iterable[str]) -> str:
    """The whole text. `extras` are the names of the files that are no tables."""
    title = "Everything of one client" if export.client_id else "Everything of your agency"
    parts = [_HEAD.format(title=title, line="=" * len(title), asked=export.asked_at)]
    parts += [_about(table) for table in tables]
    parts += [f"{name}\n" for name in extras]
    return "\n".join(parts)


def _about(table: Table) -> str:
    widest = max(len(column.name) for column in table.columns)
    lines = [f"  {column.name:<{widest}}  {column.says}" for column in table.columns]
    return "\n".join([f"{table.name}.csv: {table.says}", *lines, ""])
