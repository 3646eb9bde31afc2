"""One sandbox as a process of its own for all tests; each test works with organizations and accounts of its own."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tests.support.wire import TLS

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 15
OPENED: list[Callable[[], None]] = []


def eventually(look: Callable[[], Any], deadline_seconds: float = DEADLINE_SECONDS) -> Any:
    """What `look` gives as soon as it is truthy."""
    until = time.monotonic() + deadline_seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {deadline_seconds} s; last seen: {look()!r}")


class Process:
    """A sandbox in a process of its own."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state, self.options = state, options
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", "--dns-port", "0"]
        command += ["--state", str(self.state), "--ingress", "connect.localhost", *self.options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("Sandbox ready:"), line
        self.port = int(line.split("localhost:")[1].split()[0])
        self.smtp_port = int(line.split("mail on port ")[1].split(",")[0])
        self.dns_port = int(line.split("DNS on port ")[1].rstrip(")\n"))
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(20)
        self.process.stdout.close()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def post(self, path: str, **body: Any) -> Any:
        """A control under /_sandbox; its JSON."""
        response = httpx.post(f"{self.url}/_sandbox{path}", json=body, timeout=30, verify=TLS)
        assert response.is_success, response.text
        return response.json()

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}/_sandbox{path}", verify=TLS).json()

    def hms(self, key: str) -> httpx.Client:
        """A client of the HMS API with a key."""
        base = f"{self.url}/hms/api/v1"
        client = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=30, verify=TLS)
        OPENED.append(client.close)
        return client

    def stripe(self, key: str) -> stripe.StripeClient:
        http = stripe.RequestsClient(timeout=30)
        OPENED.append(http.close)
        return stripe.StripeClient(key, base_addresses={"api": f"{self.url}/stripe"}, http_client=http)


@pytest.fixture(autouse=True)
def close_connections() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop()()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("sandbox") / "state.sqlite3")
    process.post("/hms/settings", ring_seconds=0.05, talk_seconds_min=60, talk_seconds_max=60, rate_limit=100000)
    process.post("/stripe/settings", retry_seconds=[0.1, 0.1, 0.1], checkout_wait_seconds=5)
    yield process
    assert process.stop() == 0


@pytest.fixture
def turn(sandbox) -> Iterator[Callable[..., None]]:
    """Turns settings of one side, and turns them back after the test."""
    before: dict[str, dict[str, Any]] = {}

    def turned(side: str, **changes: Any) -> None:
        before.setdefault(side, sandbox.get(f"/{side}/state")["settings"])
        sandbox.post(f"/{side}/settings", **changes)

    yield turned
    for side, settings in before.items():
        sandbox.post(f"/{side}/settings", **settings)


class PatientServer(ThreadingHTTPServer):
    """Lets many wait at the door: the usual five are too few for a burst."""

    request_queue_size = 128


class Receiver:
    """Catches webhooks; `answer` may be set to (status, body) or to a function of the request's JSON."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answer: Any = (200, {})
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(raw)
                outer.got.append({"path": self.path, "headers": dict(self.headers), "raw": raw, "json": body})
                status, answer = outer.answer(body) if callable(outer.answer) else outer.answer
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: Any) -> None:
                """Tests need no log."""

        self.server = PatientServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://acme.portal.localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def types(self) -> list[str]:
        return [self.type_of(one["json"]) for one in self.got]

    @staticmethod
    def type_of(body: dict[str, Any]) -> str:
        return body["message"]["type"] if "message" in body else body["type"]

    def of(self, type_: str) -> list[dict[str, Any]]:
        return [one for one in self.got if self.type_of(one["json"]) == type_]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    caught = Receiver()
    yield caught
    caught.server.shutdown()
    caught.server.server_close()


class Agency:
    """A parent organization at HMS with one child that has an assistant and a number."""

    def __init__(self, sandbox: Process, minutes: float = 500, **assistant: Any) -> None:
        self.sandbox = sandbox
        opened = sandbox.post("/hms/organizations", name="Acme", minutes=minutes)
        self.id, self.key = opened["id"], opened["api_key"]
        self.parent = sandbox.hms(self.key)
        child = self.parent.post("/organizations", json={"name": "Ben", "parent_org_id": self.id}).json()
        self.child_id, self.child_key = child["id"], child["api_key"]
        self.child = sandbox.hms(self.child_key)
        self.seeded = sandbox.post(f"/hms/organizations/{self.child_id}/seed", **assistant)
        self.assistant_id, self.number = self.seeded["assistant_id"], self.seeded["phone_number"]

    def balance(self) -> float:
        return self.parent.get("/organizations").json()["minutes_balance"]

    def place(self, **body: Any) -> httpx.Response:
        whole = {"destination": "+31612345678", "assistant_id": self.assistant_id} | body
        return self.child.post("/calls/outbound", json=whole)

    def call(self, call_id: str) -> dict[str, Any]:
        return self.child.get(f"/calls/{call_id.replace('+', '%2B')}").json()

    def call_in(self, status: str, call_id: str) -> dict[str, Any]:
        """The call once it has the status."""
        return eventually(lambda: found if (found := self.call(call_id))["status"] == status else None)

    def finished(self, seconds: int | None, **body: Any) -> dict[str, Any]:
        return self.sandbox.post("/hms/calls/finished", organization_id=self.child_id, duration_seconds=seconds, **body)


@pytest.fixture
def agency(sandbox) -> Agency:
    return Agency(sandbox)


@pytest.fixture
def open_agency(sandbox) -> Callable[..., Agency]:
    return lambda **options: Agency(sandbox, **options)


class Shop:
    """A Stripe account with a price of 40.00 EUR, spoken to with Stripe's own SDK."""

    def __init__(self, sandbox: Process, mode: str = "test") -> None:
        self.sandbox = sandbox
        self.keys = sandbox.post("/stripe/accounts", business_name="Acme Voice", mode=mode)
        self.client = sandbox.stripe(self.keys["secret_key"])
        self.product = self.client.v1.products.create({"name": "100 credits"})
        self.price = self.client.v1.prices.create({"product": self.product.id, "currency": "eur", "unit_amount": 4000})

    def session(self, **params: Any) -> Any:
        whole = {
            "mode": "payment",
            "line_items": [{"price": self.price.id, "quantity": 1}],
            "success_url": "http://acme.portal.localhost:9/back?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://acme.portal.localhost:9/buy",
        } | params
        return self.client.v1.checkout.sessions.create(whole)

    def endpoint(self, receiver: Receiver, *events: str) -> Any:
        params = {"url": f"{receiver.url}/hooks/stripe", "enabled_events": list(events) or ["*"]}
        return self.client.v1.webhook_endpoints.create(params)

    def pay(self, session_id: str, **body: Any) -> dict[str, Any]:
        return self.sandbox.post(f"/stripe/sessions/{session_id}/pay", **body)

    def fetch(self, session_id: str, *expand: str) -> Any:
        return self.client.v1.checkout.sessions.retrieve(session_id, {"expand": list(expand)} if expand else {})

    def form(self, session: Any, **fields: str) -> httpx.Response:
        """What a browser sends from the Checkout page."""
        whole = {"email": "ben@example.test", "card": "4242 4242 4242 4242", "method": "card"} | fields
        return httpx.post(f"{self.sandbox.url}/checkout/{session.id}", data=whole, timeout=30, verify=TLS)


@pytest.fixture
def shop(sandbox) -> Shop:
    return Shop(sandbox)


@pytest.fixture
def open_shop(sandbox) -> Callable[..., Shop]:
    return lambda **options: Shop(sandbox, **options)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Any]:
    return eventually


@pytest.fixture
def start_sandbox(tmp_path) -> Iterator[Callable[..., Process]]:
    """Starts a sandbox of the test's own with further options, ended after it."""
    started: list[Process] = []

    def start(*options: str) -> Process:
        started.append(Process(tmp_path / "state.sqlite3", *options))
        return started[-1]

    yield start
    for process in started:
        if process.process.poll() is None:
            process.stop()
        process.process.stdout.close()
