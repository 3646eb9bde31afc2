"""Whatever happens to a wallet and whenever its lots are laid out: the same lots, holding what the balance holds."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agencies.models import Agency
from billing import expiry, lots, proof, wallets
from billing.models import Lot, Purchase, Refund, Wallet
from clients.models import Client
from tenancy import door
from tests.support import credits
from tests.support.booking import Kind, book

SECONDS = st.integers(1, 200)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["buy", "buy with an end", "give", "take", "call", "give back", "test"]), SECONDS),
        st.tuples(st.sampled_from(["refund", "refund undone", "expire"]), st.integers(1, 60)),
    ),
    max_size=25,
)
NOW = timezone.now()
Laid = list[tuple[int, int, int, object]]


class RolledBack(Exception):
    """The example is over; nothing of it stays."""


def do(client: Client, number: int, what: str, amount: int) -> None:
    purchases = list(Purchase.objects.filter(client=client).order_by("paid_at"))
    undone = list(Refund.objects.filter(purchase__client=client).order_by("created_at"))
    if what == "buy":
        credits.bought(client, amount)
    elif what == "buy with an end":
        credits.bought(client, amount, lifetime_days=10 + amount % 7, paid_at=NOW - timedelta(days=12, minutes=number))
    elif what == "refund" and purchases:
        credits.refund(purchases[amount % len(purchases)], amount)
    elif what == "refund undone" and undone:
        book(client.pk, f"{client.pk} undone {number}", amount, kind=Kind.REFUND_REVERSAL, source="stripe")
    elif what == "expire":
        expiry.expire(client.pk, NOW)
    elif what in _PLAIN:
        kind, sign = _PLAIN[what]
        book(client.pk, f"{client.pk} {number}", sign * amount, kind=kind)


_PLAIN = {
    "give": (Kind.ALLOCATION, 1),
    "take": (Kind.ALLOCATION, -1),
    "call": (Kind.USAGE, -1),
    "give back": (Kind.USAGE_CORRECTION, 1),
    "test": (Kind.TEST_REVERSAL, -1),
}


def stored(client_id: UUID) -> Laid:
    rows = Lot.objects.filter(wallet_id=client_id).order_by("version")
    return [(lot.version, lot.amount, lot.remaining, lot.expires_at) for lot in rows]


def live(steps: list[tuple[str, int]], *, eager: bool) -> tuple[Laid, Laid]:
    """The stored lots and what is left, after these steps in the life of a new client."""
    client = Client.objects.create(name="Ben", email="ben@client.test")
    for number, (what, amount) in enumerate(steps):
        do(client, number, what, amount)
        if eager:
            lots.lay_out(client.pk)
            holds(client.pk)
    standing = lots.lay_out(client.pk)
    holds(client.pk)
    return stored(client.pk), [
        (lot.version, lot.amount, lot.remaining, lot.expires_at) for lot in standing if lot.remaining
    ]


def holds(client_id: UUID) -> None:
    standing = lots.standing(client_id)
    assert sum(lot.remaining for lot in standing) == max(wallets.get(client_id).balance, 0)
    assert all(0 <= lot.remaining <= lot.amount for lot in standing)
    assert proof.verify().findings == []


# Not shrunk: each example is hundreds of statements, and a failing one is short enough to read.
@settings(
    max_examples=40,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps=STEPS)
def test_early_late_and_again_lots_are_the_same(own_agency: Agency, steps: list[tuple[str, int]]) -> None:
    with door.enter(own_agency):
        try:
            with transaction.atomic():
                early, late = live(steps, eager=True), live(steps, eager=False)
                assert early == late
                Lot.objects.all().delete()
                Wallet.objects.update(lots_version=0)
                for client_id in Wallet.objects.values_list("pk", flat=True):
                    lots.lay_out(client_id)
                    assert stored(client_id) == early[0]
                raise RolledBack
        except RolledBack:
            return
