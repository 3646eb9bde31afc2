"""The last comparison of each client with HMS's own totals, as the agency looks through them. Reads only."""

from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from agencies import paging
from calls import control
from calls.control import Compared
from organizations.models import Organization

PAGE = 25
# More than these are no list to read but one cause to look for.
MOST_DIFFERING = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One client's organization; `compared` is None until its first night."""

    organization: Organization
    compared: Compared | None


@dataclass(frozen=True, slots=True)
class Page:
    """Clients, the latest first. `older` is the key of the page after this one, "" on the last."""

    rows: list[Row]
    older: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Seconds of all clients that were compared, and how many of them there are and differ."""

    clients: int
    differing: int
    theirs: int
    ours: int


def page(*, after: str = "", size: int = PAGE) -> Page:
    """A page of all clients with a key, from the key `after` on. A bad key starts over."""
    found = _with_key()
    key = paging.read_key(after)
    if key is not None:
        at, pk = key
        found = found.filter(Q(wanted_at__lt=at) | Q(wanted_at=at, pk__lt=pk))
    rows = list(found.order_by("-wanted_at", "-pk")[: size + 1])
    older = paging.write_key(rows[size - 1].wanted_at, rows[size - 1].pk) if len(rows) > size else ""
    return Page([_row(row) for row in rows[:size]], older)


def differing() -> list[Row]:
    """Clients that differed when they were compared last, the latest first."""
    return [_row(row) for row in _with_key().filter(control__times__gt=0).order_by("-wanted_at")[:MOST_DIFFERING]]


def sums() -> Sums:
    """All clients together."""
    compared = Organization.objects.filter(control__has_key="theirs")
    theirs, ours = (Cast(KeyTextTransform(name, "control"), BigIntegerField()) for name in ("theirs", "ours"))
    found = compared.aggregate(
        clients=Count("pk"),
        differing=Count("pk", filter=Q(control__times__gt=0)),
        theirs=Sum(theirs),
        ours=Sum(ours),
    )
    return Sums(found["clients"], found["differing"], found["theirs"] or 0, found["ours"] or 0)


def _with_key() -> "QuerySet[Organization]":
    return Organization.objects.filter(api_key_sealed__isnull=False).select_related("client")


def _row(organization: Organization) -> Row:
    return Row(organization, control.last(organization))
