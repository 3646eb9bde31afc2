"""The agency's clients as it looks them up: who they are, what they have and paid, when they last called.

A page costs the same number of queries whatever it holds, and goes on from a key instead of counting rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import BigIntegerField, DateTimeField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from agencies import paging
from billing import paid
from calls.models import Call
from clients.models import Client
from organizations.models import Organization

PAGE = 25
ROWS_AT_A_TIME = 500


class Show(StrEnum):
    """Which clients are wanted."""

    ALL = ""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EMPTY = "empty"
    SILENT = "silent"
    NOT_READY = "not_ready"


class Order(StrEnum):
    """What comes first."""

    LATEST = ""
    EMAIL = "email"
    LEAST = "least"
    MOST = "most"


_SHOWN = {
    Show.ALL: Q(),
    Show.ACTIVE: Q(state=Client.State.ACTIVE),
    Show.SUSPENDED: Q(state=Client.State.SUSPENDED),
    Show.EMPTY: Q(has__lte=0),
    Show.SILENT: Q(last_call_at__isnull=True),
    Show.NOT_READY: ~Q(organization__state=Organization.State.READY) | Q(organization__isnull=True),
}
_BY = {Order.LATEST: "created_at", Order.EMAIL: "address", Order.LEAST: "has", Order.MOST: "has"}
_FALLING = (Order.LATEST, Order.MOST)


@dataclass(frozen=True, slots=True)
class Choice:
    """Clients whose name or e-mail address holds `search`, of one kind, in one order."""

    search: str = ""
    show: Show = Show.ALL
    order: Order = Order.LATEST


@dataclass(frozen=True, slots=True)
class Row:
    """One client in the table. Seconds; `paid_minor` in minor units by currency, less what went back to the client.

    `last_call_at` is None for somebody who never called.
    """

    client_id: UUID
    name: str
    email: str
    balance: int
    held: int
    last_call_at: datetime | None
    organization_state: str
    organization_label: str
    signed_up_at: datetime
    is_suspended: bool = False
    paid_minor: paid.Paid = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Clients in the order asked for. `older` is the key of the page after this one, "" on the last."""

    rows: list[Row]
    older: str


def page(choice: Choice | None = None, *, livemode: bool = True, after: str = "", size: int = PAGE) -> Page:
    """A page of clients from the key `after` on, which belongs to the choice's order. A bad key starts over.

    `livemode` says whether `paid_minor` counts real money or tests.
    """
    choice = choice or Choice()
    clients = list(_after(_chosen(choice), choice.order, after)[: size + 1])
    older = _key(clients[size - 1], choice.order) if len(clients) > size else ""
    return Page(_rows(clients[:size], livemode=livemode), older)


def one(client_id: UUID, *, livemode: bool) -> Row:
    """One client as the table has it. Raises Client.DoesNotExist."""
    client = _with_last_call(Client.objects.select_related("wallet", "organization")).get(pk=client_id)
    return _rows([client], livemode=livemode)[0]


def every(choice: Choice, *, livemode: bool) -> Iterator[Row]:
    """Every chosen client, read some at a time: memory does not grow with the list."""
    after = ""
    while True:
        found = page(choice, livemode=livemode, after=after, size=ROWS_AT_A_TIME)
        yield from found.rows
        after = found.older
        if not after:
            return


def _chosen(choice: Choice) -> "QuerySet[Client]":
    found = _with_last_call(Client.objects.select_related("wallet", "organization"))
    # Somebody without a wallet has nothing yet.
    found = found.annotate(
        has=Coalesce(F("wallet__balance"), 0, output_field=BigIntegerField()), address=Lower("email")
    ).filter(_SHOWN[choice.show])
    # No name holds a NUL, and PostgreSQL takes none.
    words = choice.search.replace("\0", "").strip()
    if words:
        found = found.filter(Q(email__icontains=words) | Q(name__icontains=words))
    sign = "-" if choice.order in _FALLING else ""
    return found.order_by(f"{sign}{_BY[choice.order]}", f"{sign}pk")


def _after(found: "QuerySet[Client]", order: Order, after: str) -> "QuerySet[Client]":
    key = _read(after, order)
    if key is None:
        return found
    value, pk = key
    by, step = _BY[order], "lt" if order in _FALLING else "gt"
    return found.filter(Q(**{f"{by}__{step}": value}) | Q(**{by: value, f"pk__{step}": pk}))


def _key(client: Client, order: Order) -> str:
    if order is Order.LATEST:
        return paging.write_key(client.created_at, client.pk)
    return f"{getattr(client, _BY[order])}~{client.pk}"


def _read(after: str, order: Order) -> tuple[datetime | int | str, UUID] | None:
    if order is Order.LATEST:
        return paging.read_key(after)
    value, _sign, pk = after.rpartition("~")
    try:
        if order is Order.EMAIL:
            return (value, UUID(pk)) if "\0" not in value else None
        # Nineteen digits and more might not be a number of the database's.
        return (int(value), UUID(pk)) if len(value) < 19 else None
    except ValueError:
        return None


def _with_last_call(clients: "QuerySet[Client]") -> "QuerySet[Client]":
    latest = Call.objects.filter(organization_id=OuterRef("organization__pk"), started_at__isnull=False)
    # In the order of the index on calls, which ends at the first that was answered.
    started = latest.order_by("-placed_at").values("started_at")[:1]
    return clients.annotate(last_call_at=Subquery(started, output_field=DateTimeField()))


def _rows(clients: list[Client], *, livemode: bool) -> list[Row]:
    of_client = paid.by_client([client.pk for client in clients], livemode=livemode) if clients else {}
    return [_row(client, of_client.get(client.pk, {})) for client in clients]


def _row(client: Client, has_paid: paid.Paid) -> Row:
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
        is_suspended=client.state == Client.State.SUSPENDED,
        paid_minor=has_paid,
    )
