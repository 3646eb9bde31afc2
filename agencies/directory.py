"""The agency's clients as it looks them up: who they are, what they have, when they last called. One query a page."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import DateTimeField, OuterRef, Q, QuerySet, Subquery

from agencies import paging
from calls.models import Call
from clients.models import Client
from organizations.models import Organization

PAGE = 25


@dataclass(frozen=True, slots=True)
class Row:
    """One client in the table. Seconds; `last_call_at` is None for somebody who never called."""

    client_id: UUID
    name: str
    email: str
    balance: int
    held: int
    last_call_at: datetime | None
    organization_state: str
    organization_label: str
    signed_up_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Clients, the latest first. `older` is the key of the page after this one, "" on the last."""

    rows: list[Row]
    older: str


def page(*, search: str = "", after: str = "", size: int = PAGE) -> Page:
    """A page of clients whose name or e-mail address holds `search`, from the key `after` on. A bad key starts over."""
    found = _with_last_call(Client.objects.select_related("wallet", "organization"))
    # No name holds a NUL, and PostgreSQL takes none.
    words = search.replace("\0", "").strip()
    if words:
        found = found.filter(Q(email__icontains=words) | Q(name__icontains=words))
    key = paging.read_key(after)
    if key is not None:
        at, pk = key
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    clients = list(found.order_by("-created_at", "-pk")[: size + 1])
    older = paging.write_key(clients[size - 1].created_at, clients[size - 1].pk) if len(clients) > size else ""
    return Page([_row(client) for client in clients[:size]], older)


def _with_last_call(clients: "QuerySet[Client]") -> "QuerySet[Client]":
    latest = Call.objects.filter(organization_id=OuterRef("organization__pk"), started_at__isnull=False)
    # In the order of the index on calls, which ends at the first that was answered.
    started = latest.order_by("-placed_at").values("started_at")[:1]
    return clients.annotate(last_call_at=Subquery(started, output_field=DateTimeField()))


def _row(client: Client) -> Row:
    organization = getattr(client, "organization", None)
    wallet = getattr(client, "wallet", None)
    return Row(
        client_id=client.pk,
        name=client.name,
        email=client.email,
        balance=wallet.balance if wallet else 0,
        held=wallet.held if wallet else 0,
        last_call_at=getattr(client, "last_call_at", None),
        organization_state=organization.state if organization else Organization.State.WANTED,
        organization_label=str(Organization.State(organization.state).label if organization else ""),
        signed_up_at=client.created_at,
    )
