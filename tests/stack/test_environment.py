"""The variables, secrets and ports that the product's processes get."""

import base64
import contextlib
import socket
import stat

import pytest

from stack import environment, terminal


def local(port=8000, kept=None):
    return environment.local(
        ports=environment.Ports(port),
        database_url="postgresql://x",
        redis_url="redis://y",
        kept=kept or {},
    )


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path):
    path = tmp_path / "var" / "secrets.env"
    first = environment.keep_secrets(path)
    assert environment.keep_secrets(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_vault_key_has_32_bytes_and_two_checkouts_differ(tmp_path):
    first, second = (environment.keep_secrets(tmp_path / name / "secrets.env") for name in "ab")
    assert len(base64.b64decode(first["VAULT_KEYS"])) == 32
    assert first["VAULT_KEYS"] != second["VAULT_KEYS"]
    assert first["SECRET_KEY"] != second["SECRET_KEY"]


def test_the_sandbox_its_mailbox_and_its_name_server_follow_the_port():
    found = local(9000)
    assert found["PUBLIC_PORT"] == "9000"
    assert found["STRIPE_API_URL"] == "http://127.0.0.1:9001/stripe"
    assert found["EMAIL_URL"] == "smtp://127.0.0.1:9002"
    assert found["DNS_SERVERS"] == "127.0.0.1:9003"
    assert found["DNS_AUTHORITATIVE_PORT"] == "9003"


def test_local_and_production_set_the_same_variables():
    assert set(local(kept={"SECRET_KEY": "a", "VAULT_KEYS": "b"})) == set(environment.like_production())


def test_nothing_local_is_in_the_production_like_environment():
    found = environment.like_production()
    assert found["PUBLIC_SCHEME"] == "https"
    assert found["PRODUCTION"] == "true"
    assert not found["SANDBOX_URL"]
    assert not [value for value in found.values() if "localhost" in value]


@pytest.mark.parametrize("text", ["abc", "0", "-1", "65533", "80.5", "٨٠٠٠"])
def test_a_port_that_is_none_gets_one_sentence(text):
    with pytest.raises(terminal.Trouble, match="is not a port number"):
        environment.read_ports({"PORT": text})


def test_an_empty_port_means_the_default():
    assert environment.read_ports({"PORT": ""}).web == environment.DEFAULT_PORT


def bound(port):
    """A socket that listens on the port. Raises OSError, and leaves nothing open, when somebody else does."""
    taken = socket.socket()
    try:
        taken.bind(("127.0.0.1", port))
        taken.listen()
    except OSError:
        taken.close()
        raise
    return taken


@pytest.fixture
def five_ports():
    """Five neighbours that were free a moment ago."""
    return environment.find_free()


def test_free_ports_are_not_those_that_connections_get():
    """A connection opened between looking and listening would take the port."""
    with contextlib.ExitStack() as stack:
        given = []
        for _ in range(50):
            listening = stack.enter_context(bound(0))
            opened = stack.enter_context(socket.create_connection(listening.getsockname()))
            given += [listening.getsockname()[1], opened.getsockname()[1]]
    found = [environment.find_free() for _ in range(50)]
    assert max(ports.hooks for ports in found) < min(given)


def test_free_ports_pass_by_what_is_taken(monkeypatch):
    taken = environment.find_free()
    other = next(ports for ports in iter(environment.find_free, None) if ports != taken)
    picks = iter([taken.web, other.web])
    monkeypatch.setattr(environment.random, "choice", lambda ports: next(picks))
    with bound(taken.dns):
        assert environment.find_free() == other


def test_five_free_ports_are_enough(five_ports):
    environment.require_free(five_ports)


@pytest.mark.parametrize("name", ["web", "sandbox", "mail", "dns", "hooks"])
def test_a_busy_port_is_named_and_so_is_the_way_out(five_ports, name):
    port = getattr(five_ports, name)
    with bound(port), pytest.raises(terminal.Trouble, match=f"port {port} is in use.*make up PORT="):
        environment.require_free(five_ports)


def test_a_name_server_on_udp_alone_is_noticed_too(five_ports):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", five_ports.dns))
        with pytest.raises(terminal.Trouble, match=f"port {five_ports.dns} is in use"):
            environment.require_free(five_ports)
