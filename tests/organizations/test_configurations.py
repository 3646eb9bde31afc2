"""Secrets inside configurations: covered when shown, the same again when they come back."""

from hms_client import FrozenMap
from organizations.configurations import COVER, covered, plain, uncovered

STORED = FrozenMap(
    {"url": "https://x.test", "headers": {"X-One": "s1"}, "auth": {"api_key": "s2", "n": 3}, "list": [{"token": "s3"}]}
)


def test_what_is_named_like_a_secret_is_covered_and_nothing_else() -> None:
    assert covered(STORED) == {
        "url": "https://x.test",
        "headers": {"X-One": COVER},
        "auth": {"api_key": COVER, "n": 3},
        "list": [{"token": COVER}],
    }


def test_a_cover_that_comes_back_is_what_it_covered() -> None:
    assert uncovered(covered(STORED), STORED) == plain(STORED)


def test_a_new_secret_replaces_the_old_one_and_a_cover_over_nothing_stays_as_typed() -> None:
    typed = {"headers": {"X-One": "new", "X-Two": COVER}}
    assert uncovered(typed, STORED) == {"headers": {"X-One": "new", "X-Two": COVER}}
