import dataclasses
import pickle

import pytest

from hms_client import Call, UnexpectedAnswer

FULL = {
    "id": "c1",
    "status": "ended",
    "created_at": "2026-11-03T09:00:00Z",
    "duration_seconds": 131,
    "agent_id": "a1",
    "agent_phone": "+31200000001",
    "agent_name": "Front desk",
    "caller_phone": "+31600000001",
    "messages": [{"role": "user", "content": "private words"}],
    "summary": "private summary",
    "mood": "new field",
}


def with_status(status):
    return Call.from_json({**FULL, "status": status})


@pytest.mark.parametrize(
    "status", ["connecting", "ringing", "dialing", "in-progress", "in_progress", "In-Progress", "queued"]
)
def test_a_call_that_may_still_run_is_not_terminal(status):
    assert not with_status(status).is_terminal


@pytest.mark.parametrize(
    "status",
    ["ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits", "brand-new"],
)
def test_every_other_status_is_terminal_and_kept_as_it_came(status):
    assert with_status(status).is_terminal
    assert with_status(status).status == status


def test_the_older_names_are_understood_and_the_unknown_is_kept():
    call = Call.from_json(FULL)
    assert (call.assistant_id, call.assistant_phone, call.assistant_name) == ("a1", "+31200000001", "Front desk")
    assert call.extra == {"mood": "new field"}


def test_a_second_name_that_says_something_else_is_kept_too():
    assert Call.from_json({**FULL, "assistant_id": "a2"}).extra["agent_id"] == "a1"


@pytest.mark.parametrize("seconds", [None, 0, 131])
def test_no_duration_is_not_a_duration_of_nothing(seconds):
    assert Call.from_json({**FULL, "duration_seconds": seconds}).duration_seconds == seconds


@pytest.mark.parametrize("seconds", [-1, 0.5, "131", True])
def test_a_duration_that_is_none_is_refused(seconds):
    with pytest.raises(UnexpectedAnswer, match=r"Call\.duration_seconds"):
        Call.from_json({**FULL, "duration_seconds": seconds})


@pytest.mark.parametrize("missing", ["id", "status", "created_at"])
def test_what_identifies_and_dates_a_call_must_be_there(missing):
    with pytest.raises(UnexpectedAnswer, match=rf"Call\.{missing} is missing"):
        Call.from_json({**FULL, missing: None})


def test_printing_a_call_tells_nothing_said_and_nobody_who_called():
    shown = repr(Call.from_json(FULL))
    assert not any(word in shown for word in ("private", "31600000001", "31200000001"))


def test_a_call_cannot_change_and_survives_pickling():
    call = Call.from_json(FULL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        call.status = "x"
    assert pickle.loads(pickle.dumps(call)) == call
    assert len({call, Call.from_json(FULL)}) == 1


def test_transcripts_in_an_unknown_form_spoil_nothing():
    assert Call.from_json({**FULL, "messages": "gone", "analysis_result": [1]}).messages is None
