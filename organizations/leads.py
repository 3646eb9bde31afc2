"""Whom a campaign is to ring, read from a table as spreadsheets write it: a line is a lead or says why not.

Nothing is guessed: a number without its country code, a number that stands twice, a value that the campaign's text
needs and a line does not have are each said with their line.
"""

import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from organizations import phone_numbers

# HMS takes all leads of a new campaign at once, and later ones one by one, of 100 requests a minute.
MOST: Final = 2000
MOST_LATER: Final = 50
_NUMBER_COLUMNS = ("phone_number", "phone", "number", "telephone", "mobile")
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody to ring, with the values of the campaign's text; `line` is where it was read."""

    phone_number: str
    variables: Mapping[str, str]
    line: int
    written: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line is no lead. Line 1 is the heading."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table holds. `heading` and what is `written` of each lead are a table again."""

    leads: tuple[Lead, ...] = ()
    problems: tuple[Problem, ...] = ()
    heading: str = ""


def read(text: str, *, template: str = "", known: Collection[str] = (), most: int = MOST) -> Reading:
    """Read a table whose first line names its columns, one of them the number.

    `template` is the campaign's text with {{values}}; numbers that are `known` are in the campaign already.
    """
    lines = text.strip("\ufeff\r\n ").splitlines()
    if not lines:
        return Reading()
    rows = list(csv.reader(lines, delimiter=_delimiter(lines[0])))
    columns = [name.strip() for name in rows[0]]
    at = next((at for at, name in enumerate(columns) if name.lower() in _NUMBER_COLUMNS), None)
    if at is None:
        return Reading(problems=(Problem(1, _("The first line names the columns, and one must be phone_number.")),))
    needed = set(_VARIABLE.findall(template))
    missing = sorted(needed - set(columns))
    if missing:
        words = _("The campaign's text needs a column for %(names)s.") % {"names": ", ".join(missing)}
        return Reading(problems=(Problem(1, words),))
    leads, problems = _leads(rows[1:], columns, at, needed, dict.fromkeys(known, 0), most)
    return Reading(leads, problems, _written(columns))


def _leads(
    rows: list[list[str]], columns: list[str], at: int, needed: set[str], taken: dict[str, int], most: int
) -> tuple[tuple[Lead, ...], tuple[Problem, ...]]:
    leads: list[Lead] = []
    problems: list[Problem] = []
    for line, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            lead = _lead(row, columns, at, needed, line)
        except ValueError as error:
            problems.append(Problem(line, str(error)))
            continue
        if lead.phone_number in taken:
            problems.append(Problem(line, _twice(taken[lead.phone_number])))
        elif len(leads) >= most:
            problems.append(Problem(line, _("At most %(most)d leads at a time.") % {"most": most}))
        else:
            taken[lead.phone_number] = line
            leads.append(lead)
    return tuple(leads), tuple(problems)


class NoLead(ValueError):
    """A line that is no lead. The message says why."""


def _lead(row: list[str], columns: list[str], at: int, needed: set[str], line: int) -> Lead:
    if len(row) > len(columns):
        raise NoLead(_("It has more columns than the first line names."))
    cells = [cell.strip() for cell in row] + [""] * (len(columns) - len(row))
    if not cells[at]:
        raise NoLead(_("The number is missing."))
    number = phone_numbers.read(cells[at])
    values = {name: cells[n] for n, name in enumerate(columns) if n != at and name and cells[n]}
    empty = sorted(needed - set(values) - {columns[at]})
    if empty:
        raise NoLead(_("The value for %(names)s is missing.") % {"names": ", ".join(empty)})
    if any(len(value) > _LONGEST_VALUE for value in values.values()):
        raise NoLead(_("A value is longer than %(most)d characters.") % {"most": _LONGEST_VALUE})
    return Lead(number, values, line, _written(cells))


def _delimiter(heading: str) -> str:
    return max(",;\t", key=heading.count)


def _written(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _twice(line: int) -> str:
    if line:
        return _("This number stands in line %(line)d already.") % {"line": line}
    return _("This number is in the campaign already.")
