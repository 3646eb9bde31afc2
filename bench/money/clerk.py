"""`python -m bench.money.clerk`: a process that books through Django, one connection of its own, as workers do."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from random import Random
from typing import Any
from uuid import UUID

import django

from bench import worker
from bench.worker import NoMoreWork, Work

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - the settings come first

from bench.money import agencies  # noqa: E402
from billing import ledger, purchases  # noqa: E402
from billing.models import LedgerEntry, Package, Purchase  # noqa: E402
from billing.stripe_shapes import CheckoutState  # noqa: E402

BATCH, WALLETS_A_BATCH = 1_000, 100
# Made beforehand, and more than one process books or settles in a second: making them is nobody's work in the product.
_POSTINGS_A_SECOND = 1_500
_PURCHASES_A_SECOND = 400
_COPY = """
COPY bench_copied (wallet_id, version, amount, balance_after, kind, source, source_id, fact_hash, livemode, actor,
                   reason, event_at, created_at, digest) FROM STDIN
"""
_blocks = itertools.count(1)
_HMS = {"kind": "hms", "id": "", "email": ""}


def _key(chance: Random) -> str:
    """An id as outsiders make them: nothing about it is in order."""
    return str(UUID(int=chance.getrandbits(128)))


def _call(client_id: UUID, chance: Random) -> dict[str, Any]:
    seconds = chance.randrange(1, 600)
    return {
        "client_id": client_id,
        "amount": -seconds,
        "kind": LedgerEntry.Kind.USAGE,
        "source": "hms",
        "source_id": _key(chance),
        "fact": {"seconds": seconds},
        "livemode": True,
        "actor": _HMS,
    }


@contextmanager
def post(order: Mapping[str, Any]) -> Iterator[Work]:
    """One call booked on one of the wallets, on its own or inside a transaction; `is_hot` means always the first."""
    chance = Random()
    around = transaction.atomic if order["is_inside"] else _nothing
    with agencies.inside(order["agency"]) as wallets:
        chosen = wallets[:1] if order["is_hot"] else wallets
        number = int((order["seconds"] + order["warm_seconds"]) * _POSTINGS_A_SECOND)
        waiting = iter([_call(chance.choice(chosen), chance) for _ in range(number)])

        def work() -> int:
            call = next(waiting, None)
            if call is None:
                raise NoMoreWork
            with around():
                ledger.post(**call)
            return 1

        yield work


def _nothing() -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def post_batch(order: Mapping[str, Any]) -> Iterator[Work]:
    """A thousand calls booked over a hundred wallets, which no other process books on: a client's calls are fetched by
    one job at a time."""
    chance = Random()
    with agencies.inside(order["agency"]) as wallets:
        own = wallets[order["number"] :: order["of"]]

        def work() -> int:
            chosen = chance.sample(own, WALLETS_A_BATCH)
            calls = [ledger.Movement(**_call(chance.choice(chosen), chance)) for _ in range(BATCH)]
            return len(ledger.post_batch(calls))

        yield work


@contextmanager
def settle(order: Mapping[str, Any]) -> Iterator[Work]:
    """One purchase brought from waiting to paid and credited, as the job does with what Stripe said."""
    chance = Random()
    with agencies.inside(order["agency"]) as wallets:
        package = Package.objects.get()
        number = int((order["seconds"] + order["warm_seconds"]) * _PURCHASES_A_SECOND)
        made = Purchase.objects.bulk_create(_started(package, chance.choice(wallets), chance) for _ in range(number))
        waiting = iter([_paid(purchase) for purchase in made])

        def work() -> int:
            state = next(waiting, None)
            if state is None:
                raise NoMoreWork
            purchases.settle(state=state)
            return 1

        yield work
        Purchase.objects.filter(state=Purchase.State.PENDING, created_by=made[0].created_by).delete()


def _started(package: Package, client_id: UUID, chance: Random) -> Purchase:
    return Purchase(
        client_id=client_id,
        package=package,
        package_name=package.name,
        seconds=package.credits * 60,
        price_minor=package.price_minor,
        currency=package.currency,
        livemode=False,
        stripe_price_id="price_1",
        stripe_session_id=f"cs_test_{_key(chance)}",
        stripe_session_url="https://checkout.stripe.com/c/pay",
        created_by=f"{os.getpid()}@bench.test",
    )


def _paid(purchase: Purchase) -> CheckoutState:
    return CheckoutState(
        id=str(purchase.stripe_session_id),
        status="complete",
        payment_status="paid",
        mode="payment",
        livemode=False,
        currency=purchase.currency,
        amount_subtotal=purchase.price_minor,
        amount_total=purchase.price_minor,
        payment_intent=f"pi_{purchase.pk.hex}",
        client_reference_id=str(purchase.pk),
        metadata={"purchase_id": str(purchase.pk)},
    )


@contextmanager
def copy(order: Mapping[str, Any]) -> Iterator[Work]:
    """Rows made beforehand, sent as fast as PostgreSQL takes them: only what makes them unique is changed."""
    mark = b"77777777"
    with agencies.inside(order["agency"]) as wallets, connection.cursor() as cursor:
        block = "".join(_copied(wallets[n % len(wallets)], n, mark.decode(), Random(n)) for n in range(BATCH)).encode()
        first = order["number"] * 10_000_000

        def work() -> int:
            rows = block.replace(mark, b"%08d" % (first + next(_blocks)))
            with cursor.copy(_COPY) as sent:
                sent.write(rows)
            return BATCH

        yield work


def _copied(client_id: UUID, number: int, mark: str, chance: Random) -> str:
    hashed = "\\\\x" + chance.randbytes(32).hex()
    at = "2026-01-01 00:00:00+00"
    fields = [client_id, f"{mark}{number:04}", -60, 1_000, "usage", "hms", f"{_key(chance)[:28]}{mark}", hashed, "t"]
    return "\t".join(map(str, [*fields, '{"id": "", "kind": "hms", "email": ""}', "", at, at, hashed])) + "\n"


if __name__ == "__main__":
    worker.serve({"post": post, "post_batch": post_batch, "settle": settle, "copy": copy})
