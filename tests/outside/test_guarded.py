import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from django.db import transaction

from outside import guarded, names
from outside.addresses import Address
from outside.guarded import Gate, NoAnswer, Why, WrongAddress
from tenancy import network
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint
from tests.support.issued import Authority, shown

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Names:
    """A resolver that says what the test says, and counts."""

    def __init__(self, *found: str) -> None:
        self.found, self.asked = [ip_address(one) for one in found], 0

    def __call__(self, host: str, seconds: float) -> tuple[Address, ...]:
        self.asked += 1
        return tuple(self.found)


@pytest.fixture
def there() -> Iterator[Endpoint]:
    with endpoints.listening() as found:
        yield found


@pytest.fixture
def gate() -> Gate:
    return Gate(allowed=LOOPBACK)


def post(gate: Gate, url: str, within_ms: int = 5_000, body: bytes = b'{"a":1}') -> guarded.Answer:
    return gate.post(url, body=body, headers={"Content-Type": "application/json"}, within_ms=within_ms)


def why(gate: Gate, url: str, within_ms: int = 5_000, body: bytes = b"{}") -> Why:
    with pytest.raises(NoAnswer) as caught:
        post(gate, url, within_ms, body)
    return caught.value.why


def test_the_body_arrives_as_it_is_and_the_answer_comes_back(gate: Gate, there: Endpoint) -> None:
    there.says(b'{"b": 2}', "201 Created")
    answer = post(gate, there.url + "?x=%20y", body=b'{"a":  "\xc3\xa9"}')
    assert (answer.status, answer.body, answer.is_yes) == (201, b'{"b": 2}', True)
    (request,) = there.requests
    assert request.line == "POST /hooks?x=%20y HTTP/1.1"
    assert request.body == b'{"a":  "\xc3\xa9"}'
    assert request.headers["host"] == f"127.0.0.1:{there.port}"
    assert request.headers["content-type"] == "application/json"
    assert "cookie" not in request.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_nothing_private_is_asked_unless_the_operator_allows_it(there: Endpoint, host: str) -> None:
    assert why(Gate(), f"https://{host}:{there.port}/") is Why.ADDRESS
    assert there.requests == []


def test_a_name_that_leads_inside_is_refused_even_among_public_ones(there: Endpoint) -> None:
    names_said = Names("93.184.216.34", "127.0.0.1")
    assert why(Gate(lookup=names_said), f"https://hooks.example.com:{there.port}/") is Why.ADDRESS
    assert there.requests == []


def test_the_address_that_was_judged_is_the_one_that_is_asked(there: Endpoint) -> None:
    """A name that means something else when it is asked again changes nothing: it is asked once."""
    names_said = Names("127.0.0.1")
    answer = post(Gate(allowed=LOOPBACK, lookup=names_said), f"http://rebinding.example.com:{there.port}/")
    assert (answer.status, names_said.asked) == (200, 1)
    assert there.requests[0].headers["host"] == f"rebinding.example.com:{there.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(there: Endpoint) -> None:
    names_said = Names("127.0.0.9", "127.0.0.1")
    assert post(Gate(allowed=LOOPBACK, lookup=names_said), f"http://two.example.com:{there.port}/").status == 200


def test_without_tls_only_an_allowed_network_is_asked(there: Endpoint) -> None:
    gate = Gate(allowed=LOOPBACK, lookup=Names("93.184.216.34"))
    assert why(gate, "http://hooks.example.com/") is Why.ADDRESS


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_redirects_are_not_followed(gate: Gate, there: Endpoint, status: str) -> None:
    there.says(b"", status, headers=f"Location: http://127.0.0.1:{there.port}/elsewhere\r\n")
    answer = post(gate, there.url)
    assert (str(answer.status), answer.is_yes) == (status[:3], False)
    assert len(there.requests) == 1


def test_silence_ends_when_the_time_is_up(gate: Gate, there: Endpoint) -> None:
    there.hangs()
    started = time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        post(gate, there.url, within_ms=200)
    assert caught.value.why is Why.TIME
    assert 200 <= caught.value.took_ms < 2_000
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"]
)
def test_a_drip_does_not_stretch_the_time(gate: Gate, there: Endpoint, start: bytes) -> None:
    there.drips(start=start)
    assert why(gate, there.url, within_ms=300) is Why.TIME


def test_hints_without_end_do_not_stretch_the_time(gate: Gate, there: Endpoint) -> None:
    there.drips(b"HTTP/1.1 102 Processing\r\n\r\n", start=b"")
    assert why(gate, there.url, within_ms=300) is Why.TIME


def test_who_does_not_read_does_not_stretch_the_time(gate: Gate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        assert why(gate, url, within_ms=300, body=b"x" * 20_000_000) is Why.TIME


def test_an_answer_that_says_it_is_too_large_is_not_read(gate: Gate, there: Endpoint) -> None:
    there.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n")
    assert why(gate, there.url) is Why.SIZE


def test_an_answer_without_a_length_is_read_up_to_the_limit(gate: Gate, there: Endpoint) -> None:
    there.sends(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * guarded.MOST_BYTES)
    assert len(post(gate, there.url).body) == guarded.MOST_BYTES
    there.sends(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * (guarded.MOST_BYTES + 1))
    assert why(gate, there.url) is Why.SIZE


def test_an_answer_shorter_than_it_says_is_no_answer(gate: Gate, there: Endpoint) -> None:
    there.sends(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a": 1}')
    assert why(gate, there.url) is Why.NONSENSE


def test_an_answer_longer_than_it_says_is_read_to_where_it_says(gate: Gate, there: Endpoint) -> None:
    there.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 Smuggled\r\n\r\n")
    assert post(gate, there.url).body == b"{}"


def test_a_packed_answer_stays_packed(gate: Gate, there: Endpoint) -> None:
    there.says(b"\x1f\x8bnot unpacked", headers="Content-Encoding: gzip\r\n")
    assert post(gate, there.url).body == b"\x1f\x8bnot unpacked"


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 2000 Hm\r\n\r\n"])
def test_what_is_not_http_is_no_answer(gate: Gate, there: Endpoint, answer: bytes) -> None:
    there.sends(answer)
    assert why(gate, there.url) is Why.NONSENSE


def test_nobody_there_is_said(gate: Gate) -> None:
    with endpoints.listening() as gone:
        url = gone.url
    assert why(gate, url) is Why.CONNECTION


def test_a_name_that_does_not_exist_is_said() -> None:
    def nobody(host: str, seconds: float) -> tuple[Address, ...]:
        raise names.NoSuchName(host)

    assert why(Gate(lookup=nobody), "https://nobody.example.com/") is Why.NAME


def test_a_certificate_for_another_name_or_of_a_stranger_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=authority.root)
    with shown(authority.issue("hooks.example.com")) as port:
        url = f"https://hooks.example.com:{port}/"
        mine = Gate(allowed=LOOPBACK, lookup=Names("127.0.0.1"), tls=trusting)
        assert why(mine, url.replace("hooks.", "other.")) is Why.TLS
        assert why(Gate(allowed=LOOPBACK, lookup=Names("127.0.0.1")), url) is Why.TLS


def test_plain_http_at_a_tls_address_is_said(there: Endpoint) -> None:
    assert why(Gate(allowed=LOOPBACK), there.url.replace("http:", "https:")) is Why.TLS


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks", "ftp://example.com/", "https://", "https:///x", "https://example.com:0/", "file:///etc/passwd"),
        *("https://user:pw@example.com/", "https://example.com:99999/", "https://exa mple.com/", "https://a\r\nb/"),
        *("https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://example.com\\@127.0.0.1/"),
        *("https://[fe80::1%25eth0]/", "https://ex%61mple.com/", "http://example.com/", "https://127.0.0.1/"),
        *("https://localhost/", "https://a.localhost/", "https://[::ffff:127.0.0.1]/", "https://" + "a" * 2_000),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused_when_it_is_typed(url: str) -> None:
    with pytest.raises(WrongAddress):
        Gate().check(url)


@pytest.mark.parametrize("url", ["https://example.com", "https://EXAMPLE.com:8443/a?b=c", "https://[2606:4700::1]/x"])
def test_an_address_of_the_open_internet_is_taken(url: str) -> None:
    Gate().check(url)


def test_the_operators_networks_may_be_typed(gate: Gate) -> None:
    gate.check("http://127.0.0.1:9000/hooks")
    gate.check("http://localhost:9000/hooks")


@pytest.mark.usefixtures("no_transaction")
def test_nothing_is_asked_with_a_transaction_open(gate: Gate, there: Endpoint) -> None:
    with transaction.atomic(), pytest.raises(network.InsideTransaction):
        post(gate, there.url)
    assert there.requests == []


def test_names_under_localhost_are_this_machine_without_asking() -> None:
    assert names.lookup("a.localhost", 1)[0] == ip_address("127.0.0.1")


def test_no_time_is_left_for_a_name_when_the_time_is_up() -> None:
    with pytest.raises(TimeoutError):
        names.lookup("hooks.example.com", 0)


def test_what_is_long_is_read_while_it_arrives(gate: Gate, there: Endpoint) -> None:
    body = b"x" * (guarded.MOST_BYTES * 4)
    there.says(body, "206 Partial Content", "Content-Range: bytes 0-1/2\r\n")
    opened = gate.open(there.url, headers={"Range": "bytes=0-1"}, within_ms=5_000, lasting_ms=5_000)
    assert (opened.status, opened.headers["content-range"]) == (206, "bytes 0-1/2")
    assert b"".join(opened) == body
    opened.close()
    assert there.requests[0].headers["range"] == "bytes=0-1"


def test_a_body_may_take_longer_than_its_beginning_and_yet_ends(gate: Gate, there: Endpoint) -> None:
    there.drips(start=b"HTTP/1.1 200 OK\r\n\r\n")
    opened = gate.open(there.url, headers={}, within_ms=500, lasting_ms=1_000)
    started = time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        b"".join(opened)
    assert caught.value.why is Why.TIME
    assert 0.9 < time.monotonic() - started < 3
    opened.close()


def test_a_body_that_stands_still_is_given_up_long_before_its_end(gate: Gate, there: Endpoint) -> None:
    def begin(connection: socket.socket, request: endpoints.Request) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        there.released.wait(30)

    there.reply = begin
    opened = gate.open(there.url, headers={}, within_ms=300, lasting_ms=60_000)
    pieces = iter(opened)
    assert next(pieces) == b"abc"
    with pytest.raises(NoAnswer) as caught:
        next(pieces)
    assert caught.value.why is Why.TIME
    opened.close()


def test_nothing_inside_is_opened_either(there: Endpoint) -> None:
    with pytest.raises(NoAnswer) as caught:
        Gate().open(f"https://127.0.0.1:{there.port}/", headers={}, within_ms=5_000, lasting_ms=5_000)
    assert caught.value.why is Why.ADDRESS
    assert there.requests == []
