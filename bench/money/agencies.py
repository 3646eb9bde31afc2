"""Agencies to book in, one for each arm: none works on what another has filled, and each is proved by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from agencies.models import Agency
from agencies.opening import open_agency
from billing import ledger, proof
from billing.models import LedgerEntry
from clients.models import Client
from people.models import User
from stack import terminal
from tenancy import door

WALLETS = 1_000
NOBODY = {"kind": "operator", "id": "bench", "email": ""}


def opened(slug: str, *, wallets: int = WALLETS) -> Agency:
    """A new agency with this many clients, each with a welcome credit and therefore a wallet."""
    owner = User.objects.create_user(f"{slug}@bench.test")
    agency = open_agency(slug=slug, company_name=slug.title(), owner=owner)
    with door.enter(agency):
        made = [Client(name=f"Client {number}", email=f"{number}@bench.test") for number in range(wallets)]
        Client.objects.bulk_create(made)
        ledger.post_batch([_welcome(client.pk) for client in made])
    return agency


def _welcome(client_id: UUID) -> ledger.Movement:
    return ledger.Movement(
        client_id=client_id,
        amount=600,
        kind=LedgerEntry.Kind.WELCOME,
        source="agency",
        source_id=str(client_id),
        fact={"seconds": 600},
        livemode=False,
        actor=NOBODY,
    )


@contextmanager
def inside(slug: str) -> Iterator[list[UUID]]:
    """The agency, entered, with the ids of its clients."""
    with door.enter(Agency.objects.get(slug=slug)):
        yield list(Client.objects.order_by("pk").values_list("pk", flat=True))


def prove(slug: str, *, booked: int) -> None:
    """Prove the agency's ledger from its rows, and that it has just as many entries as were booked beside the welcomes.

    Raises Trouble: a figure of a ledger that is wrong is worth nothing.
    """
    with inside(slug) as clients, terminal.step(f"Proving the ledger of {slug}") as step:
        report = proof.verify(progress=lambda so_far: step.progress(f"{so_far.entries} entries"))
        expected = booked + len(clients)
    if report.findings or report.open_conflicts or report.entries != expected:
        raise terminal.Trouble(
            f"the ledger of {slug} is wrong: {len(report.findings)} findings, {report.open_conflicts} conflicts, "
            f"{report.entries} entries instead of {expected}.",
            detail="\n".join(str(finding) for finding in report.findings[:3]),
        )
