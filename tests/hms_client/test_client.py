import httpx
import pytest

from hms_client import HMSClient, InvalidArgument


def test_the_key_is_sent_as_a_bearer_token(wire, key):
    wire.answers({"voices": []}).client.voices.list()
    assert wire.requests[0].headers["authorization"] == f"Bearer {key}"


def test_the_health_of_hms_is_asked_without_the_key(wire):
    wire.answers({"status": "ok"}).client.health.check()
    assert "authorization" not in wire.requests[0].headers


def test_no_repr_shows_the_key(wire, key):
    assert key not in repr(wire.client) + repr(wire.client._transport)


@pytest.mark.parametrize("key", ["", "fl live", "fl_live\n", "fl_livé"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_and_not_repeated(key):
    with pytest.raises(InvalidArgument) as refusal:
        HMSClient(key)
    assert not key or key not in str(refusal.value)


@pytest.mark.parametrize("url", ["", "hms.test", "ftp://hms.test", "https://u:p@hms.test", "https://hms.test?a=1"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(InvalidArgument):
        HMSClient("fl_live_x", base_url=url)


def test_one_slash_or_more_at_the_end_of_the_address_changes_nothing():
    asked = []
    play = httpx.MockTransport(
        lambda request: asked.append(str(request.url)) or httpx.Response(200, json={"voices": []})
    )
    with HMSClient("fl_live_x", base_url="https://hms.test/api/v1/", transport=play) as client:
        client.voices.list()
    assert asked == ["https://hms.test/api/v1/voices"]


def test_a_given_http_client_stays_open_and_our_own_is_closed():
    with httpx.Client() as given:
        HMSClient("fl_live_x", http_client=given).close()
        assert not given.is_closed
    own = HMSClient("fl_live_x")
    own.close()
    assert own._http.is_closed


def test_a_transport_and_a_client_together_are_refused():
    with httpx.Client() as given, pytest.raises(InvalidArgument):
        HMSClient("fl_live_x", transport=httpx.MockTransport(lambda _: httpx.Response(200)), http_client=given)


def test_web_calls_go_to_their_own_address(wire):
    client = wire.connect(web_call_url="https://talk.test/v1/web-calls")
    wire.answers({"token": "t0ken", "server_url": "wss://x"})
    call = client.web_calls.start(assistant_id="a1")
    assert str(wire.requests[0].url) == "https://talk.test/v1/web-calls"
    assert (call.token, call.server_url) == ("t0ken", "wss://x")
    assert "t0ken" not in repr(call)
    client.close()
