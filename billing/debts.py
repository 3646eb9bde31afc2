"""Wallets below zero: usage, refunds and disputes are never refused, so a balance may fall there. Reads only."""

from django.db.models import F

from billing.models import LedgerEntry, Wallet


def cause(wallet: Wallet) -> LedgerEntry | None:
    """The entry that took the balance below zero, where it still is; None for a wallet that owes nothing."""
    if wallet.balance >= 0:
        return None
    crossing = LedgerEntry.objects.filter(wallet_id=wallet.pk, balance_after__lt=0, amount__lte=F("balance_after"))
    return crossing.order_by("-version").first()


def owing_clients() -> int:
    """How many clients are below zero."""
    return Wallet.objects.filter(balance__lt=0).count()
