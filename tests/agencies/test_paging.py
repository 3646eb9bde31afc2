from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from agencies import call_log, directory, paging
from agencies.models import Agency
from calls.choosing import Choice

ID = UUID(int=1)


def test_a_key_is_read_as_it_was_written() -> None:
    at, pk = datetime(2026, 11, 16, 14, 2, 3, 400, UTC), uuid4()
    assert paging.read_key(paging.write_key(at, pk)) == (at, pk)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "~",
        f"yesterday~{ID}",
        "2026-11-16T14:02:00+00:00~1",
        f"2026-11-16T14:02:00~{ID}",
        f"0001-01-01T00:00+23:59~{ID}",
    ],
)
def test_a_key_that_somebody_made_up_starts_over(key: str) -> None:
    assert paging.read_key(key) is None


@pytest.mark.django_db
@pytest.mark.parametrize("key", [f"0001-01-01T00:00+00:00~{ID}", f"9999-12-31T23:59-00:01~{ID}"])
def test_the_ends_of_time_are_keys_like_others(inside_acme: Agency, key: str) -> None:
    assert directory.page(after=key).rows == []
    assert call_log.page(Choice(), after=key).calls == []


@pytest.mark.django_db
def test_a_search_for_what_no_name_can_hold_finds_what_is_left_of_it(inside_acme: Agency) -> None:
    assert directory.page(directory.Choice(search="no\0body")).rows == []
