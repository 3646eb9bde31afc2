"""The same promises over a real connection, where answers get lost half way."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from hms_client import ConnectionFailed, HMSClient, RateLimited, TimedOut


class Server(ThreadingHTTPServer):
    """Plays one act per request: a function that is given the handler."""

    daemon_threads = True

    def __init__(self, *acts):
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts, self.seen, self.released = list(acts), [], threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("content-length") or 0)
        self.server.seen.append((self.command, self.path, self.rfile.read(length)))
        self.server.acts.pop(0)(self)

    def do_POST(self):
        self.do_GET()

    def do_DELETE(self):
        self.do_GET()

    def log_message(self, *_):
        pass


def says(body, status=200, **headers):
    def act(handler):
        content = json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"content-length": len(content), **headers}.items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.wfile.write(content)

    return act


def hangs_up(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def stops_half_way(handler):
    handler.send_response(200)
    handler.send_header("content-length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"voi')
    hangs_up(handler)


def stays_silent(handler):
    handler.server.released.wait(10)
    handler.close_connection = True


@pytest.fixture
def serve():
    made = []

    def start(*acts, **options):
        server = Server(*acts)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        slept = []
        http = httpx.Client(trust_env=False)
        address = f"http://127.0.0.1:{server.server_port}/api/v1"
        client = HMSClient("fl_live_x", base_url=address, http_client=http, sleep=slept.append, **options)
        made.append((server, http))
        return client, server, slept

    yield start
    for server, http in made:
        http.close()
        server.released.set()
        server.shutdown()
        server.server_close()


def test_an_awkward_id_arrives_encoded(serve):
    call = {"id": "call-_+31_x", "status": "ended", "created_at": "2026-11-03T09:00:00Z"}
    client, server, _ = serve(says(call))
    assert client.calls.get("call-_+31_x").id == "call-_+31_x"
    assert server.seen[0][:2] == ("GET", "/api/v1/calls/call-_%2B31_x")


@pytest.mark.parametrize("lost", [hangs_up, stops_half_way, says({}, 503)])
def test_a_lost_answer_is_asked_for_again(serve, lost):
    client, server, slept = serve(lost, says({"voices": [{"id": "v", "name": "V"}]}))
    assert [voice.id for voice in client.voices.list()] == ["v"]
    assert (len(server.seen), slept) == (2, [1])


@pytest.mark.parametrize("lost", [hangs_up, stops_half_way])
def test_a_creation_whose_answer_is_lost_is_sent_once_and_its_outcome_is_unknown(serve, lost):
    client, server, _ = serve(lost, says({}))
    with pytest.raises(ConnectionFailed) as caught:
        client.organizations.create(name="Client")
    assert caught.value.outcome_unknown
    assert len(server.seen) == 1


def test_silence_ends_at_the_timeout(serve):
    client, server, _ = serve(stays_silent, timeout=0.2)
    began = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        client.calls.start_outbound(destination="+31600000001", assistant_id="a1")
    assert time.monotonic() - began < 5
    assert caught.value.outcome_unknown
    assert len(server.seen) == 1


def test_where_nobody_listens_nothing_was_done():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with httpx.Client(trust_env=False) as http, pytest.raises(ConnectionFailed) as caught:
        HMSClient("fl_live_x", base_url=f"http://127.0.0.1:{port}", http_client=http).organizations.create(name="x")
    assert not caught.value.outcome_unknown


def test_a_limit_is_waited_for_even_by_a_post(serve):
    client, server, slept = serve(
        says({"error": "slow"}, 429, retry_after=4), says({"call_id": "c1", "status": "dialing"})
    )
    assert client.calls.start_outbound(destination="+31600000001", assistant_id="a1").call_id == "c1"
    assert (len(server.seen), slept) == (2, [4])


def test_a_limit_that_stays_is_told_with_what_the_headers_say(serve):
    client, _, _ = serve(says({"error": "slow"}, 429, x_ratelimit_limit=100, x_ratelimit_remaining=0), max_retries=0)
    with pytest.raises(RateLimited) as caught:
        client.voices.list()
    assert (caught.value.rate.limit, caught.value.rate.remaining) == (100, 0)


def test_a_delete_carries_its_body(serve):
    client, server, _ = serve(says({"success": True}))
    client.byok.delete(provider="xai")
    assert server.seen == [("DELETE", "/api/v1/byok", b'{"provider":"xai"}')]
