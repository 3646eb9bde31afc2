"""Headers as people write them: what can be sent, and how a value is kept without anybody seeing it."""

import pytest

from organizations import headers
from organizations.configurations import COVER


def test_one_header_stands_in_a_line() -> None:
    assert headers.read(" X-Key : a b:c \n\nAuthorization: Bearer x\n") == {
        "X-Key": "a b:c",
        "Authorization": "Bearer x",
    }


@pytest.mark.parametrize(
    "text",
    [
        "X-Key",
        "X Key: a",
        ": a",
        "X-Key:",
        "X-Key: é",
        "X-Key: a\x00b",
        "X-Key: " + "a" * 2001,
        "X-Key: a\nx-key: b",
        "Host: x",
        "content-length: 1",
        "Transfer-Encoding: chunked",
        "X-Webhook-Signature: sha256=1",
        "\n".join(f"X-{n}: a" for n in range(11)),
    ],
)
def test_what_cannot_be_sent_is_refused_without_repeating_the_value(text: str) -> None:
    with pytest.raises(headers.NotHeaders) as refused:
        headers.read(text)
    assert "a" * 20 not in str(refused.value)


def test_a_cover_is_what_it_covered_whatever_the_case_of_the_name() -> None:
    stored = {"Authorization": "Bearer x", "X-Key": "k"}
    typed = headers.read(headers.covered(["authorization"]) + "\nX-New: n")
    assert headers.merged(typed, stored) == {"authorization": "Bearer x", "X-New": "n"}


def test_a_cover_over_nothing_is_refused() -> None:
    with pytest.raises(headers.NotHeaders):
        headers.merged({"X-Key": COVER}, {})


@pytest.mark.parametrize(
    ("typed", "stored", "sent"),
    [
        ({}, (), None),
        ({"A": COVER}, ("A",), None),
        ({}, ("A",), {}),
        ({"A": "1"}, ("A",), {"A": "1"}),
        ({"A": "1", "B": "2"}, (), {"A": "1", "B": "2"}),
    ],
)
def test_where_all_are_replaced_at_once_nothing_is_sent_that_loses_one(
    typed: dict[str, str], stored: tuple[str, ...], sent: dict[str, str] | None
) -> None:
    assert headers.replacing(typed, stored) == sent


@pytest.mark.parametrize(
    ("typed", "stored"), [({"A": COVER}, ("A", "B")), ({"A": COVER, "B": "2"}, ("A",)), ({"A": COVER}, ())]
)
def test_where_all_are_replaced_at_once_some_covers_are_not_enough(
    typed: dict[str, str], stored: tuple[str, ...]
) -> None:
    with pytest.raises(headers.NotHeaders):
        headers.replacing(typed, stored)
