"""The local Redis, real or not: answers on loopback, keeps its address over a restart, is gone when stopped."""

import socket
from urllib.parse import urlsplit

import pytest
import redis as client

from stack import leftovers, redis


@pytest.fixture
def real(tmp_path):
    if redis.find_program() is None:
        pytest.skip("no Redis server on this machine and no wheel for this Python")
    found = redis.Server(tmp_path / "redis")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def look_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(redis, "find_program", lambda: None)
    found = redis.Server(tmp_path / "look-alike")
    found.start()
    yield found
    found.stop()


@pytest.fixture(params=["real", "look_alike"])
def server(request):
    return request.getfixturevalue(request.param)


def test_it_answers_at_its_address(server):
    with client.Redis.from_url(server.url(3)) as connection:
        connection.set("name", "value")
        assert connection.get("name") == b"value"


def test_it_keeps_its_address_when_it_is_started_again(server):
    address = server.url()
    server.stop()
    assert not server.is_running()
    server.start()
    assert server.url() == address


def test_nothing_listens_after_it_was_stopped(server):
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(server.url()).port), timeout=1)


def test_a_real_one_wants_its_password(real):
    with pytest.raises(client.AuthenticationError), client.Redis(port=urlsplit(real.url()).port) as stranger:
        stranger.ping()


def test_a_real_one_that_was_left_behind_is_ended(real):
    redis.Server(real.data_dir).end_leftover()
    assert leftovers.working_in(real.data_dir, program="redis") == []


def test_a_look_alike_that_was_left_behind_carries_the_mark(look_alike):
    assert leftovers.end(leftovers.marked(look_alike.data_dir.parent)) == 1
