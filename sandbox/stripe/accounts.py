"""Accounts with their keys, and GET /v1/account for the account of a secret key."""

from typing import Any

from sandbox import ids, times
from sandbox.store import Document
from sandbox.stripe.auth import Asked, keyed
from sandbox.stripe.objects import public
from sandbox.stripe.refusals import refuse
from sandbox.world import World

PREFIXES = {"publishable": "pk", "secret": "sk", "restricted": "rk"}


def open_account(world: World, *, business_name: str, mode: str) -> Document:
    """A new account with one key of each kind, all of one mode ("test" or "live")."""
    keys = {kind: f"{prefix}_{mode}_51{ids.token(46)}" for kind, prefix in PREFIXES.items()}
    account: Document = {
        "id": f"acct_1{ids.token(15)}",
        "object": "account",
        "business_profile": {"name": business_name, "mcc": None, "support_email": None, "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "sepa_debit_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "NL",
        "created": int(times.now()),
        "default_currency": "eur",
        "details_submitted": True,
        "email": "owner@example.test",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": business_name, "timezone": "Europe/Amsterdam"}},
        "type": "standard",
        "_livemode": mode == "live",
        "_keys": keys,
    }
    with world.store.transaction():
        world.store.add("stripe_account", account["id"], account)
        for kind, key in keys.items():
            world.store.add("stripe_key", key, {"account": account["id"], "kind": kind})
    return account


@keyed
def show(world: World, asked: Asked) -> dict[str, Any]:
    """A restricted key has no right to read the account, which is how most of them are made."""
    if asked.key_kind == "restricted":
        raise refuse(
            403,
            f"The provided key '{asked.key[:8]}{'*' * 12}{asked.key[-4:]}' does not have the required permissions for "
            f"this endpoint on account '{asked.account_id}'.",
        )
    return public(asked.account)
