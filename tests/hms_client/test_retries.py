import httpx
import pytest

from hms_client import ConnectionFailed, NotFound, RateLimited, ServerFault, TimedOut

VOICES = {"voices": []}
STARTED = {"success": True, "call_id": "c1", "status": "dialing"}


def start_call(client):
    return client.calls.start_outbound(destination="+31600000001", assistant_id="a1")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_get_is_sent_again_after_a_server_fault(wire, status):
    wire.answers(status=status).answers(status=status).answers(VOICES)
    assert wire.client.voices.list() == ()
    assert wire.slept == [1, 2]


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("slow"), httpx.ConnectError("no"), httpx.RemoteProtocolError("cut")]
)
def test_a_get_is_sent_again_after_a_lost_answer(wire, error):
    wire.breaks(error).answers(VOICES).client.voices.list()
    assert len(wire.requests) == 2


def test_the_wait_doubles_up_to_eight_seconds(wire):
    with wire.connect(max_retries=5) as client, pytest.raises(ServerFault):
        wire.answers(status=500) and client.voices.list()
    assert wire.slept == [1, 2, 4, 8, 8]


@pytest.mark.parametrize(
    "act",
    [
        start_call,
        lambda client: client.organizations.create(name="x"),
        lambda client: client.organizations.set_retention(content_retention_days=30, metadata_retention_days=30),
        lambda client: client.calls.end_call("c1"),
        lambda client: client.numbers.update("n1", is_active=False),
        lambda client: client.campaigns.add_lead("k1", phone_number="+31600000001"),
    ],
)
def test_what_could_happen_twice_is_never_sent_again(wire, act):
    wire.answers(status=500)
    with pytest.raises(ServerFault):
        act(wire.client)
    wire.breaks(httpx.ReadTimeout("slow"))._answers.pop(0)
    with pytest.raises(TimedOut):
        act(wire.client)
    assert (len(wire.requests), wire.slept) == (2, [])


@pytest.mark.parametrize("act", [start_call, lambda client: client.numbers.update("n1", is_active=False)])
def test_after_429_every_method_is_sent_again(wire, act):
    number = {"id": "n1", "phone_number": "+31"}
    wire.answers(status=429, headers={"retry-after": "7"}).answers({**STARTED, "number": number})
    act(wire.client)
    assert wire.slept == [7]


@pytest.mark.parametrize(
    ("headers", "body", "waited"),
    [
        ({"retry-after": "3"}, {"retry_after": 9}, 3),
        ({"retry-after": "0"}, {}, 0),
        ({"retry-after": "3600"}, {}, 30),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:25 GMT"}, {}, 5),
        ({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, {}, 0),
        ({}, {"retry_after": 9}, 9),
        ({}, {"retry_after": -9}, 0),
        ({"retry-after": "soon"}, {"retry_after": "later"}, 1),
        ({"retry-after": "nan"}, None, 1),
    ],
)
def test_a_429_says_how_long_to_wait_and_half_a_minute_is_the_most(wire, headers, body, waited):
    wire.answers(body, status=429, headers=headers).answers(VOICES).client.voices.list()
    assert wire.slept == [waited]


def test_a_limit_that_stays_is_told(wire):
    with pytest.raises(RateLimited) as caught:
        wire.answers({"error": "Rate limit exceeded"}, status=429, headers={"retry-after": "2"}).client.voices.list()
    assert (caught.value.retry_after, len(wire.requests)) == (2, 3)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422])
def test_a_refusal_is_final(wire, status):
    with pytest.raises(Exception, match=str(status)):
        wire.answers({}, status=status).client.voices.list()
    assert len(wire.requests) == 1


def test_a_delete_whose_answer_was_lost_is_done_when_the_thing_is_gone(wire):
    wire.breaks(httpx.ReadTimeout("slow")).answers({"error": "Not found"}, status=404)
    assert wire.client.numbers.delete("n1") is None


@pytest.mark.parametrize("first", [429, None])
def test_a_delete_of_what_never_was_is_not_found(wire, first):
    if first:
        wire.answers(status=first)
    with pytest.raises(NotFound):
        wire.answers(status=404).client.numbers.delete("n1")


def test_no_retries_means_one_attempt(wire):
    with wire.connect(max_retries=0) as client, pytest.raises(ConnectionFailed):
        wire.breaks(httpx.ConnectError("no")) and client.voices.list()
    assert len(wire.requests) == 1
