"""An HMS that says what a test wants: organizations, assistants, calls and trouble, behind httpx's own mock transport.

The sandbox is the faithful one; this one is for facts that no sandbox would tell, at the speed of a function call.
"""

import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from agencies.models import Agency
from billing import ledger, wallets
from billing.models import LedgerEntry
from calls.rating import Terms
from clients.models import Client
from organizations import hms, provisioning
from organizations.models import Organization
from tenancy import door
from vault import connections

BASE = "/hms/api/v1"
PER_SECOND = Terms(rounding=1, cost_micro_per_minute=70_000, livemode=True)
_SPAN = ("start_date", "end_date")
_serial = itertools.count(1)


def iso(moment: datetime | None) -> str | None:
    return moment and moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass
class Org:
    id: str
    name: str
    key: str
    parent: str | None
    minutes: float = 500.5
    assistants: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[dict[str, Any]] = field(default_factory=list)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    # What HMS counts beside its calls, how long after its end a call is counted, and calls that it does not list.
    counted: list[dict[str, Any]] = field(default_factory=list)
    campaigns: list[dict[str, Any]] = field(default_factory=list)
    counts_after: timedelta = timedelta(0)
    unlisted: set[str] = field(default_factory=set)

    def runs(self, name: str = "Winback", *, status: str = "scheduled") -> str:
        """A campaign of the first assistant."""
        self.campaigns.append({"id": str(uuid.uuid4()), "name": name, "status": status, "agent_id": None})
        return str(self.campaigns[-1]["id"])

    def campaign(self, campaign_id: str) -> str:
        """Its state."""
        return next(str(row["status"]) for row in self.campaigns if row["id"] == campaign_id)

    def ends(self, seconds: int | None = 60, *, status: str = "ended", **fields: Any) -> str:
        """A call that is over, a moment ago unless `ended_at` says otherwise. Told again with its `id`, it changes."""
        ended = fields.pop("ended_at", None) or datetime.now(UTC)
        begun = ended - timedelta(seconds=seconds or 0)
        return self.has(status=status, created_at=begun, started_at=begun, ended_at=ended, seconds=seconds, **fields)

    def has(self, *, status: str, created_at: datetime | None = None, seconds: int | None = None, **fields: Any) -> str:
        call_id = fields.pop("id", None) or f"call-_+31612345678_{next(_serial)}"
        call = {"id": call_id, "status": status, "created_at": created_at or datetime.now(UTC)} | fields
        call |= {"duration_seconds": seconds, "direction": fields.get("direction", "inbound")}
        call |= {"caller_phone": fields.get("caller_phone", "+31612345678")}
        self.calls[call_id] = {
            name: iso(value) if isinstance(value, datetime) else value for name, value in call.items()
        }
        return call_id


class Hms:
    """All of HMS. `requests` remembers what was asked, as "METHOD /path"."""

    def __init__(self) -> None:
        self.orgs: dict[str, Org] = {}
        self.requests: list[str] = []
        self.call_server = "wss://calls.test"
        self.bodies: list[Any] = []
        self.trouble: list[tuple[str, Callable[[Callable[[], httpx.Response]], httpx.Response]]] = []
        self.page: Callable[[list[Any], int, int], list[Any]] = lambda rows, limit, offset: rows[
            offset : offset + limit
        ]

    def opens(self, name: str, parent: str | None = None) -> Org:
        org = Org(str(uuid.uuid4()), name, f"fl_{uuid.uuid4().hex}", parent)
        self.orgs[org.key] = org
        return org

    def children(self) -> list[Org]:
        return [org for org in self.orgs.values() if org.parent]

    def of(self, organization: Organization) -> Org:
        return next(org for org in self.orgs.values() if org.id == organization.hms_id)

    def refuses(self, where: str, status: int = 400, error: str = "No") -> None:
        """The next such request ("POST /organizations") is answered with this status, and nothing is done."""
        self.trouble.append((where, lambda do: httpx.Response(status, json={"error": error})))

    def loses_the_answer(self, where: str) -> None:
        """The next such request is carried out, and its answer never arrives."""

        def lose(do: Callable[[], httpx.Response]) -> httpx.Response:
            do()
            raise httpx.ReadError("connection reset")

        self.trouble.append((where, lose))

    def breaks(self, where: str, error: Exception | None = None) -> None:
        """The next such request is not carried out, and the connection fails (by default after it was sent)."""

        def fail(do: Callable[[], httpx.Response]) -> httpx.Response:
            raise error or httpx.ReadError("connection reset")

        self.trouble.append((where, fail))

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(BASE)
        self.requests.append(f"{request.method} {path}")
        self.bodies.append(json.loads(request.content) if request.content else None)
        org = self.orgs.get(request.headers["Authorization"].removeprefix("Bearer "))
        body = self.bodies[-1]

        def do() -> httpx.Response:
            return self.answer(org, request, path, body)

        for trouble in self.trouble:
            if self.requests[-1].startswith(trouble[0]):
                self.trouble.remove(trouble)
                return trouble[1](do)
        return do()

    def answer(self, org: Org | None, request: httpx.Request, path: str, body: Any) -> httpx.Response:
        if org is None:
            return httpx.Response(401, json={"error": "Invalid API key"})
        if path.startswith("/calls/") and request.method == "GET":
            call = org.calls.get(path.removeprefix("/calls/"))
            return httpx.Response(200, json=call) if call else httpx.Response(404, json={"error": "Not found"})
        if path.endswith("/control"):
            return self.controlled(org, path.split("/")[2], body)
        if path.startswith(("/assistants/", "/campaigns/")):
            return self.one(org, request.method, *path.split("/")[1:], body=body)
        known: dict[str, Callable[[], httpx.Response]] = {
            "GET /organizations": lambda: self.shown(org),
            "POST /organizations": lambda: self.created(body),
            "GET /assistants": lambda: httpx.Response(200, json={"assistants": org.assistants}),
            "POST /assistants": lambda: self.assistant(org, body),
            "GET /campaigns": lambda: httpx.Response(200, json={"campaigns": org.campaigns}),
            "GET /numbers": lambda: httpx.Response(200, json={"numbers": org.numbers}),
            "GET /calls": lambda: self.listed(org, request),
            "GET /usage": lambda: self.used(org, request),
            "POST /calls/outbound": lambda: self.placed(org, body),
            "POST /hms/v1/web-calls": lambda: self.web_call(org),
        }
        return known[f"{request.method} {path}"]()

    def one(self, org: Org, method: str, many: str, wanted: str, what: str = "", *, body: Any) -> httpx.Response:
        """One assistant or campaign, read or changed; the leads of a campaign."""
        rows = org.assistants if many == "assistants" else org.campaigns
        found = next((row for row in rows if row["id"] == wanted), None)
        if found is None:
            return httpx.Response(404, json={"error": "Not found"})
        if what == "leads":
            return httpx.Response(200, json={"leads": [{"id": "1", "phone_number": "+31612345678"}]})
        found |= body if method == "PATCH" else {}
        return httpx.Response(200, json={many[:-1]: found})

    def shown(self, org: Org) -> httpx.Response:
        children = [{"id": child.id, "name": child.name} for child in self.orgs.values() if child.parent == org.id]
        shown = {"id": org.id, "name": org.name, "minutes_balance": org.minutes, "parent_org_id": org.parent}
        return httpx.Response(200, json=shown | {"children": children})

    def created(self, body: Any) -> httpx.Response:
        org = self.opens(body["name"], body["parent_org_id"])
        made = {"id": org.id, "name": org.name, "parent_org_id": org.parent, "api_key": org.key}
        return httpx.Response(201, json=made)

    def assistant(self, org: Org, body: Any) -> httpx.Response:
        org.assistants.append({"id": str(uuid.uuid4())} | body)
        return httpx.Response(201, json={"assistant": org.assistants[-1]})

    def listed(self, org: Org, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        since = datetime.fromisoformat(asked["start_date"])
        until = datetime.fromisoformat(asked["end_date"]) if "end_date" in asked else None
        listed = [call for call in org.calls.values() if call["id"] not in org.unlisted]
        rows = [call for call in listed if _within(call["created_at"], since, until)]
        rows.sort(key=lambda call: call["created_at"], reverse=True)
        limit, offset = int(asked["limit"]), int(asked["offset"])
        page = self.page(rows, limit, offset)
        return httpx.Response(200, json={"calls": page, "pagination": {"total": len(rows), "limit": limit}})

    def controlled(self, org: Org, call_id: str, body: Any) -> httpx.Response:
        call = org.calls.get(call_id)
        if call is None:
            return httpx.Response(404, json={"error": "Call not found"})
        if call["status"] != "in-progress":
            return httpx.Response(400, json={"error": "Call is not in progress"})
        if body["type"] == "end-call":
            call |= {"status": "ended", "ended_at": iso(datetime.now(UTC)), "duration_seconds": 61}
        return httpx.Response(200, json={"success": True, "message": "done"})

    def web_call(self, org: Org) -> httpx.Response:
        org.has(status="connecting", direction="web", caller_phone=None)
        return httpx.Response(201, json={"token": "lk_secret", "server_url": self.call_server})

    def used(self, org: Org, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        since, until = (datetime.fromisoformat(asked[name]) if name in asked else None for name in _SPAN)
        over = [call for call in org.calls.values() if call.get("ended_at") and call["duration_seconds"] is not None]
        counted = [
            {
                "id": f"use of {call['id']}",
                "duration_sec": call["duration_seconds"],
                "created_at": iso(datetime.fromisoformat(call["ended_at"]) + org.counts_after),
            }
            for call in over
        ]
        rows = [row for row in [*counted, *org.counted] if _within(row["created_at"], since, until)]
        limit, offset = int(asked["limit"]), int(asked["offset"])
        summary = {"total_calls": len(rows), "total_duration_seconds": sum(row["duration_sec"] for row in rows)}
        answer = {"logs": rows[offset : offset + limit], "pagination": {"total": len(rows), "limit": limit}}
        return httpx.Response(200, json=answer | {"summary": summary})

    def placed(self, org: Org, body: Any) -> httpx.Response:
        call_id = org.has(status="dialing", direction="outbound", caller_phone=body["destination"])
        return httpx.Response(200, json={"success": True, "call_id": call_id, "status": "dialing"})


def _within(moment: str, since: datetime | None, until: datetime | None) -> bool:
    at = datetime.fromisoformat(moment)
    return (since is None or at >= since) and (until is None or at <= until)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Hms:
    """HMS for this test alone; whatever the product sends there goes to it."""
    said = Hms()
    client = httpx.Client(transport=httpx.MockTransport(said.handle))
    monkeypatch.setattr(hms, "_connections", lambda: client)
    return said


def connect(said: Hms, agency: Agency) -> Org:
    """Connect the agency with a parent organization of its own."""
    parent = said.opens(agency.slug)
    connections.save_hms_key(
        agency_id=agency.pk,
        api_key=parent.key,
        organization_id=parent.id,
        organization_name=agency.slug,
        seconds_left=0,
    )
    return parent


def ready(said: Hms, name: str = "Ben", *, credit: int = 0) -> Organization:
    """A client with a wallet and an organization that is ready. In the agency's schema, connected."""
    client = Client.objects.create(name=name, email=f"{name.lower()}@client.test")
    wallets.open_wallet(client.pk)
    if credit:
        top_up(client, credit)
    organization = provisioning.want(client)
    assert provisioning.provision(organization.pk) is None
    return Organization.objects.select_related("client").get(pk=organization.pk)


def top_up(client: Client, seconds: int) -> None:
    """Give the client time, as the agency would by hand."""
    ledger.post(
        client_id=client.pk,
        amount=seconds,
        kind=LedgerEntry.Kind.ALLOCATION,
        source="agency",
        source_id=str(uuid.uuid4()),
        fact={"seconds": seconds},
        livemode=True,
        actor={"kind": "member", "id": "1", "email": "ada@acme.test"},
    )


@pytest.fixture
def connected_acme(acme: Agency, says: Hms) -> Iterator[Agency]:
    """In the schema of acme, which is connected with HMS."""
    connect(says, acme)
    with door.enter(acme):
        yield acme
