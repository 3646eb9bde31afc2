from dataclasses import dataclass

import pytest

from hms_client import InvalidArgument, UnexpectedAnswer
from hms_client.paging import walk


@dataclass
class Row:
    id: str


def ids(rows):
    return [row.id for row in rows]


def table(*names):
    return [Row(str(name)) for name in names]


def test_every_row_comes_once():
    stored = table(*range(23))
    walked = walk(lambda limit, offset: (stored[offset : offset + limit], len(stored)), page_size=10)
    assert ids(walked) == ids(stored)


def test_rows_that_arrive_meanwhile_repeat_nothing_and_hide_nothing():
    stored = table(*range(30))

    def fetch(limit, offset):
        page = (stored[offset : offset + limit], len(stored))
        stored.insert(0, Row(f"new{len(stored)}"))
        return page

    walked = ids(walk(fetch, page_size=10))
    assert len(walked) == len(set(walked))
    assert {str(number) for number in range(30)} <= set(walked)


def test_rows_that_vanish_meanwhile_hide_no_others():
    stored = table(*range(40))

    def fetch(limit, offset):
        page = (stored[offset : offset + limit], len(stored))
        del stored[:3]
        return page

    assert {str(number) for number in range(20, 40)} <= set(ids(walk(fetch, page_size=10)))


@pytest.mark.parametrize("page_size", [1, 2, 3])
def test_even_the_smallest_pages_come_to_an_end(page_size):
    stored = table(*range(7))
    walked = walk(lambda limit, offset: (stored[offset : offset + limit], len(stored)), page_size=page_size)
    assert ids(walked) == ids(stored)


def test_a_total_that_promises_too_much_ends_at_an_empty_page():
    stored = table(1, 2)
    assert ids(walk(lambda limit, offset: (stored[offset : offset + limit], 99), page_size=2)) == ["1", "2"]


def test_pages_smaller_than_asked_for_are_all_read():
    stored = table(*range(250))
    walked = walk(lambda limit, offset: (stored[offset : offset + min(limit, 100)], 250), page_size=1000)
    assert len(ids(walked)) == 250


@pytest.mark.parametrize("page_size", [0, -1, 1001])
def test_a_page_size_hms_may_not_take_is_never_sent(wire, page_size):
    with pytest.raises(InvalidArgument):
        list(wire.client.calls.iterate(page_size=page_size))
    assert wire.requests == []


def test_a_page_without_a_total_is_refused(wire):
    with pytest.raises(UnexpectedAnswer):
        wire.answers({"calls": []}).client.calls.list()
