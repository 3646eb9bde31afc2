"""A table of leads, read line by line."""

import pytest

from organizations import leads

GOOD = "phone_number,name\n+31 20 123 4567,Ann\n+31201234568,Bob\n"


def problems(text: str, **how: object) -> list[tuple[int, str]]:
    return [(each.line, each.words) for each in leads.read(text, **how).problems]  # type: ignore[arg-type]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_table_as_spreadsheets_write_it_is_read(delimiter: str, start: str) -> None:
    reading = leads.read(start + GOOD.replace(",", delimiter).replace("\n", "\r\n"))
    assert [(each.phone_number, dict(each.variables), each.line) for each in reading.leads] == [
        ("+31201234567", {"name": "Ann"}, 2),
        ("+31201234568", {"name": "Bob"}, 3),
    ]
    assert reading.problems == ()


def test_each_line_that_is_no_lead_says_why_and_the_others_are_read() -> None:
    text = "phone,name\n020 123,Ann\n,Bob\n+31201234567,Cas\n\n+31201234567,Dan\n+31201234568,Eva,more\n+31201234569\n"
    assert [(line, words.split(".")[0]) for line, words in problems(text)] == [
        (2, "Please write the number with its country code, like +31 20 123 4567"),
        (3, "The number is missing"),
        (6, "This number stands in line 4 already"),
        (7, "It has more columns than the first line names"),
    ]
    assert [each.phone_number for each in leads.read(text).leads] == ["+31201234567", "+31201234569"]


def test_values_that_the_campaigns_text_needs_must_be_there() -> None:
    assert problems(GOOD, template="Hello {{ name }}, {{city}}") == [
        (1, "The campaign's text needs a column for city.")
    ]
    assert problems("phone,name\n+31201234567,\n", template="Hi {{name}}") == [(2, "The value for name is missing.")]
    assert problems(GOOD, template="Hi {{name}}") == []


def test_a_table_without_a_column_of_numbers_is_said_in_its_first_line() -> None:
    assert [line for line, _words in problems("name,city\nAnn,Ede\n")] == [1]
    assert leads.read("  \n") == leads.Reading()


def test_who_is_in_the_campaign_already_is_not_rung_twice() -> None:
    assert problems(GOOD, known={"+31201234568"}) == [(3, "This number is in the campaign already.")]


def test_more_than_may_be_sent_at_once_is_left_out_with_its_line() -> None:
    assert problems(GOOD, most=1) == [(3, "At most 1 leads at a time.")]


def test_what_is_left_over_can_be_read_again() -> None:
    reading = leads.read('phone_number,name\n+31201234567,"Ann, or Bob"\n')
    again = leads.read("\n".join([reading.heading, *(each.written for each in reading.leads)]))
    assert dict(again.leads[0].variables) == {"name": "Ann, or Bob"}
