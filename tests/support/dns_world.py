"""DNS as the tests have it: the sandbox as a process, asked over loopback, and its levers."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from domains.dns import Dns
from tests.support.wire import TLS

__all__ = ["names", "zone"]
ROOT = Path(__file__).resolve().parents[2]
BASE = "connect.localhost"
INGRESS = "127.0.0.1"
_numbers = itertools.count(1)


@dataclass
class Names:
    """A running name server. `http` keeps the connection to its levers."""

    http: httpx.Client
    port: int

    def dns(self, **changes: Any) -> Dns:
        """To ask it: as the public view, and as the name server of every zone."""
        values: dict[str, Any] = {
            "public": (("127.0.0.1", self.port),),
            "authoritative_port": self.port,
            "may_ask_private": True,
        }
        return Dns(**values | changes)

    def put(self, name: str, *records: tuple[str, str], proxied: bool = False) -> None:
        """All records of a name, as (kind, value)."""
        wanted = [{"kind": kind, "value": value, "proxied": proxied} for kind, value in records]
        self._send("PUT", "records", {"name": name, "records": wanted})

    def open_zone(self, name: str) -> None:
        self._send("POST", "zones", {"name": name})

    def trouble(self, name: str, kind: str, **how: Any) -> None:
        """About a name and all below it."""
        self._send("POST", "faults", {"name": name, "kind": kind, **how})

    def heal(self, name: str) -> None:
        self.http.delete("faults", params={"name": name}).raise_for_status()

    def questions(self, name: str) -> list[dict[str, Any]]:
        """What was asked about a name and below it, oldest first."""
        found: list[dict[str, Any]] = self.http.get("questions", params={"name": name}).json()["questions"]
        return found

    def _send(self, method: str, lever: str, body: dict[str, Any]) -> None:
        answer = self.http.request(method, lever, json=body)
        assert answer.is_success, answer.text


@pytest.fixture(scope="session")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Names]:
    state = tmp_path_factory.mktemp("names") / "state.sqlite3"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", "--dns-port", "0"]
    command += ["--state", str(state), "--ingress", BASE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        ready = process.stdout.readline()  # type: ignore[union-attr]
        web = ready.split(" (")[0].rsplit(":", 1)[1]
        port = int(ready.split("DNS on port ")[1].rstrip(")\n"))
        with httpx.Client(base_url=f"http://127.0.0.1:{web}/_sandbox/dns/", timeout=30, verify=TLS) as http:
            yield Names(http, port)
        process.terminate()


@pytest.fixture
def zone(names: Names) -> str:
    """A zone of this test alone."""
    name = f"acme{next(_numbers)}.test"
    names.open_zone(name)
    return name
