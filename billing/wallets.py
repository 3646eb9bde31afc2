"""Wallets: what a client has and what running calls have set aside. Balances move with ledger entries alone; only
`held` is changed here, and it never exceeds what is there when it is set aside nor falls below zero."""

from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from billing.batches import NoSuchClient
from billing.models import Wallet

_OPEN = """
INSERT INTO billing_wallet (client_id) SELECT id FROM clients_client WHERE id = %s ON CONFLICT DO NOTHING
"""


class NotEnoughAvailable(ValueError):
    """More seconds were to be set aside than are available."""


class MoreThanHeld(ValueError):
    """More seconds were to be given back than are set aside."""


def get(client_id: UUID) -> Wallet:
    """The client's wallet; an empty one, not stored, for a client who never had an entry."""
    return Wallet.objects.filter(pk=client_id).first() or Wallet(client_id=client_id)


def open_wallet(client_id: UUID) -> Wallet:
    """The client's wallet, made when it is missing. Raises NoSuchClient."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [client_id])
    wallet = Wallet.objects.filter(pk=client_id).first()
    if wallet is None:
        raise NoSuchClient(f"there is no client {client_id}")
    return wallet


def lock(client_id: UUID) -> Wallet:
    """The client's wallet with its row lock, until the transaction ends: nobody else moves it. Raises NoSuchClient.

    Needs an open transaction. Lock several clients in the order of their ids.
    """
    locking = Wallet.objects.select_for_update(no_key=True)
    wallet = locking.filter(pk=client_id).first()
    if wallet is None:
        open_wallet(client_id)
        wallet = locking.get(pk=client_id)
    return wallet


def set_aside(client_id: UUID, seconds: int) -> Wallet:
    """Set seconds aside for a call and return the wallet as it is then. Raises NotEnoughAvailable, NoSuchClient."""
    _refuse_negative(seconds)
    with transaction.atomic():
        wallet = lock(client_id)
        if seconds > max(wallet.available, 0):
            raise NotEnoughAvailable(f"{seconds} s of {wallet.available} s available")
        return _move_held(wallet, seconds)


def give_back(client_id: UUID, seconds: int) -> Wallet:
    """Make seconds that were set aside available again and return the wallet as it is then. Raises MoreThanHeld."""
    _refuse_negative(seconds)
    with transaction.atomic():
        wallet = lock(client_id)
        if seconds > wallet.held:
            raise MoreThanHeld(f"{seconds} s of {wallet.held} s held")
        return _move_held(wallet, -seconds)


def _refuse_negative(seconds: int) -> None:
    if type(seconds) is not int or seconds < 0:
        raise ValueError(f"{seconds!r} is not a number of seconds")


def _move_held(wallet: Wallet, seconds: int) -> Wallet:
    Wallet.objects.filter(pk=wallet.pk).update(held=F("held") + seconds)
    wallet.held += seconds
    return wallet
