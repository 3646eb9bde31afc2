"""A row of CSV is read by machines as figures, and by no spreadsheet as a formula."""

import csv
import io
import uuid
from datetime import UTC, datetime

import pytest

from billing.models import LedgerEntry
from calls import export
from calls.statement import Line

AT = datetime(2026, 11, 16, 14, 2, 5, tzinfo=UTC)


def line(**fields: object) -> Line:
    said = {"amount": -204, "balance_after": 5796, "kind": "usage", "livemode": True, "event_at": AT, "created_at": AT}
    return Line(LedgerEntry(wallet_id=uuid.uuid4(), version=7, **(said | fields)), None, None)


def parsed(text: str) -> list[str]:
    [row] = csv.reader(io.StringIO(text, newline=""))
    return row


def test_figures_are_whole_seconds_credits_with_a_dot_and_iso_times() -> None:
    row = dict(zip(export.COLUMNS, parsed(export.row(line(), export.Words("Call", "3 min 24 s"))), strict=True))
    assert (row["seconds"], row["credits"]) == ("-204", "-3.40")
    assert (row["balance_seconds"], row["balance_credits"]) == ("5796", "96.60")
    assert datetime.fromisoformat(row["booked_at"]) == datetime.fromisoformat(row["happened_at"]) == AT
    assert (row["number"], row["kind"], row["mode"]) == ("7", "usage", "live")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " =", "\0=", "\xa0@"])
@pytest.mark.parametrize("column", ["what", "details", "more"])
def test_no_text_is_a_formula(start: str, column: str) -> None:
    text = f'{start}HYPERLINK("https://evil.test","x")'
    words = export.Words(text if column == "what" else "", text if column == "details" else "")
    row = parsed(export.row(line(), words, more=[text if column == "more" else ""]))
    assert [field for field in row if "HYPERLINK" in field] == ["'" + text.replace("\0", "")]


@pytest.mark.parametrize("text", ["Call", "3 min", "a=b", "“-quoted”", ""])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert export.harmless(text) == text


@pytest.mark.parametrize("text", ['a "quoted" name', "one\r\ntwo", "a,b;c\td", "ünï • 😀", "\u202eabc"])
def test_whatever_a_text_holds_it_stays_one_field(text: str) -> None:
    row = export.row(line(), export.Words(text, "next"))
    assert parsed(row)[4:6] == [text, "next"]
    assert row.startswith('"')
    assert row.endswith('"\r\n')


def test_every_field_is_quoted() -> None:
    plain = export.row(line(), export.Words("What", "Details"), more=["by"])
    assert plain.count('","') == len(export.COLUMNS)
    assert len(parsed(plain)) == len(parsed(export.header(more=["by"]))) == len(export.COLUMNS) + 1


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.00"),
        (1, "0.02"),
        (-1, "-0.02"),
        (65, "1.08"),
        (-65, "-1.08"),
        (6000, "100.00"),
        (10**15, "16666666666666.67"),
    ],
)
def test_credits_are_the_nearest_hundredth(seconds: int, shown: str) -> None:
    assert export.in_credits(seconds) == shown
