"""What HMS's no becomes on a page."""

from typing import Any

import pytest

from hms_client import ConnectionFailed, HMSError, UnexpectedAnswer
from hms_client.refusals import error_for
from hms_client.values import freeze
from organizations import hms, refusals

NAMES = {"name": "name", "max_duration_seconds": "longest", "duration": "other", "llm_config": "model"}


def said(status: int, body: Any, **headers: str) -> HMSError:
    return error_for("POST /x", status=status, headers=headers, body=freeze(body), now=0)


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (
            {"error": "Invalid max_duration_seconds", "message": "From 1."},
            "longest",
            "Invalid max_duration_seconds: From 1.",
        ),
        ({"error": "Missing required field: name"}, "name", "Missing required field: name"),
        ({"error": {"code": "invalid", "message": "Too long", "param": "llm_config"}}, "model", "Too long"),
        ({"error": "No", "details": ["name is taken"]}, "name", "name is taken"),
    ],
)
def test_a_complaint_stands_beside_the_field_it_names(body: Any, field: str, words: str) -> None:
    refusal = refusals.explain(said(400, body), NAMES)
    assert (dict(refusal.fields), refusal.sentence) == ({field: f"HMS says: {words}"}, "")


def test_what_names_no_field_is_said_above_and_a_word_within_a_word_is_no_name() -> None:
    for text in ("The rename failed", "surname is missing"):
        refusal = refusals.explain(said(422, {"error": text}), NAMES)
        assert (dict(refusal.fields), refusal.sentence) == ({}, f"HMS refused this: {text}")


def test_several_reasons_go_to_their_places() -> None:
    body = {"error": "Invalid", "details": ["name is taken", "max_duration_seconds is too long", "Try later"]}
    refusal = refusals.explain(said(400, body), NAMES)
    assert set(refusal.fields) == {"name", "longest"}
    assert refusal.sentence == "HMS refused this: Try later"


def test_a_conflict_says_that_something_stands_against_it() -> None:
    refusal = refusals.explain(said(409, {"error": "2 numbers are attached"}))
    assert refusal.sentence == "HMS has something that stands against this: 2 numbers are attached"


def test_the_pause_that_hms_asks_for_is_named() -> None:
    refusal = refusals.explain(said(429, {"error": "Rate limit exceeded"}, **{"retry-after": "17"}))
    assert refusal.wait_seconds == 17
    assert "try again in 17 seconds" in refusal.sentence
    assert "in a minute" in refusals.explain(said(429, {})).sentence


@pytest.mark.parametrize("error", [said(500, "oops"), ConnectionFailed("x"), UnexpectedAnswer("x")])
def test_doubt_is_called_doubt(error: HMSError) -> None:
    assert "may have been done" in refusals.explain(error).sentence
    assert "look again" in refusals.explain(error, only_read=True).sentence


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionFailed("x", outcome_unknown=False), "Nothing was changed"),
        (said(401, {"error": "Invalid API key"}), "does not accept"),
        (said(404, {"error": "Not found"}), "any more"),
        (said(403, {"error": "Forbidden"}), "any more"),
        (said(402, {"error": "Insufficient credits"}), "No minutes"),
        (said(418, {"error": "Teapot"}), "HMS refused this: Teapot"),
        (hms.NoKey("No key."), "No key."),
    ],
)
def test_every_other_no_has_its_sentence(error: refusals.Failure, words: str) -> None:
    assert words in refusals.explain(error).sentence
