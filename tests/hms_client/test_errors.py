import pickle
from decimal import Decimal

import httpx
import pytest

import hms_client
from hms_client import (
    BadRequest,
    ConnectionFailed,
    HMSError,
    InsufficientCredits,
    InvalidSignature,
    RateLimited,
    ServerFault,
    SignatureFault,
    StatusError,
    TimedOut,
    UnexpectedAnswer,
    errors,
)

EVERY_ERROR = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, HMSError)]


def test_the_drawing_shows_the_tree_as_it_is():
    drawn = {word for line in errors.__doc__.splitlines() for word in line.replace("├──", " ").split()}
    assert {kind.__name__ for kind in EVERY_ERROR} <= drawn
    assert issubclass(TimedOut, ConnectionFailed)
    assert all(issubclass(kind, HMSError) for kind in EVERY_ERROR)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "BadRequest"),
        (401, "Unauthorized"),
        (402, "InsufficientCredits"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (409, "Conflict"),
        (418, "StatusError"),
        (422, "Unprocessable"),
        (429, "RateLimited"),
        (500, "ServerFault"),
        (599, "ServerFault"),
    ],
)
def test_each_status_has_its_class(wire, status, kind):
    with wire.connect(max_retries=0) as client, pytest.raises(StatusError) as caught:
        wire.answers({"error": "no"}, status=status) and client.voices.list()
    assert type(caught.value) is getattr(hms_client, kind)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("body", "text", "code"),
    [
        ({"error": "Unauthorized", "message": "The key is wrong"}, "Unauthorized: The key is wrong", None),
        ({"error": "Same", "message": "Same"}, "400 Same", None),
        ({"error": {"code": "missing_field", "message": "name is missing"}}, "400 name is missing", "missing_field"),
        (b"<html>Bad Gateway</html>", "400 Bad Request", None),
        (None, "400 Bad Request", None),
        (["odd"], "400 Bad Request", None),
        ({"error": 5}, "400 Bad Request", None),
    ],
)
def test_both_forms_of_a_refusal_and_none_at_all_are_read(wire, body, text, code):
    with pytest.raises(BadRequest, match=text) as caught:
        wire.answers(body, status=400).client.voices.list()
    assert caught.value.code == code
    assert str(caught.value).startswith("GET /voices: 400 ")


def test_details_and_limits_are_kept(wire):
    limits = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000060"}
    with pytest.raises(BadRequest) as caught:
        wire.answers({"error": "Bad", "details": ["a", "b"]}, status=400, headers=limits).client.voices.list()
    assert caught.value.details == ("a", "b")
    assert caught.value.rate == hms_client.RateHeaders(limit=100, remaining=0, reset_at=1700000060)
    assert caught.value.body["error"] == "Bad"


def test_without_minutes_the_balance_is_told(wire):
    with pytest.raises(InsufficientCredits) as caught:
        wire.answers({"error": "Insufficient credits", "balance": 0.5}, status=402).client.voices.list()
    assert caught.value.balance == Decimal("0.5")


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (httpx.PoolTimeout("busy"), False),
        (httpx.ReadTimeout("slow"), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("reset"), True),
        (httpx.RemoteProtocolError("cut"), True),
    ],
)
def test_only_a_request_that_never_left_has_a_known_outcome(wire, error, unknown):
    with pytest.raises(ConnectionFailed) as caught:
        wire.breaks(error).client.organizations.create(name="x")
    assert caught.value.outcome_unknown is unknown


@pytest.mark.parametrize(("status", "unknown"), [(400, False), (402, False), (429, False), (500, True), (502, True)])
def test_a_server_fault_leaves_the_outcome_unknown_and_a_refusal_does_not(wire, status, unknown):
    with pytest.raises(StatusError) as caught:
        wire.answers({}, status=status).client.organizations.create(name="x")
    assert caught.value.outcome_unknown is unknown


@pytest.mark.parametrize("kind", EVERY_ERROR)
def test_every_error_survives_pickling(kind):
    made = kind(SignatureFault.TOO_OLD) if kind is InvalidSignature else kind("why")
    again = pickle.loads(pickle.dumps(made))
    assert (type(again), str(again), vars(again)) == (kind, str(made), vars(made))


def test_what_an_error_knows_survives_pickling(wire):
    with pytest.raises(RateLimited) as caught:
        wire.answers({"error": "slow down", "retry_after": 4}, status=429).client.voices.list()
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.retry_after, again.status, again.body, again.rate) == (4, 429, caught.value.body, caught.value.rate)


def test_unexpected_and_server_faults_are_not_status_errors_of_each_other():
    assert not issubclass(UnexpectedAnswer, StatusError)
    assert issubclass(ServerFault, StatusError)
