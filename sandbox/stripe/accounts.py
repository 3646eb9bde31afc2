"""Accounts with their keys, and GET /v1/account for the account of a secret key."""

from typing import Any

from sandbox import ids, times
from sandbox.store import Document
from sandbox.stripe.auth import Asked, keyed
from sandbox.stripe.objects import public
from sandbox.stripe.refusals import right_missing
from sandbox.world import World

PREFIXES = {"publishable": "pk", "secret": "sk", "restricted": "rk"}


def open_account(world: World, *, business_name: str, mode: str, charges_enabled: bool = True) -> Document:
    """A new account with one key of each kind, all of one mode ("test" or "live")."""
    keys = {kind: f"{prefix}_{mode}_51{ids.token(46)}" for kind, prefix in PREFIXES.items()}
    account: Document = {
        "id": f"acct_1{ids.token(15)}",
        "object": "account",
        "business_profile": {"name": business_name, "mcc": None, "support_email": None, "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "sepa_debit_payments": "active", "transfers": "active"},
        "charges_enabled": charges_enabled,
        "country": "NL",
        "created": int(times.now()),
        "default_currency": "eur",
        "details_submitted": True,
        "email": "owner@example.test",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "dashboard": {"display_name": business_name, "timezone": "Europe/Amsterdam"},
            "payments": {"statement_descriptor": business_name.upper()[:22]},
        },
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
        raise right_missing(asked.key, asked.account_id, "accounts_kyc_basic_read")
    return public(asked.account)


def limit_key(world: World, key: str, *, lacks: list[str], is_revoked: bool) -> None:
    """Take rights from a restricted key, or the whole key from its holder. What is not named is given back.

    `lacks` holds names such as "webhook_write" (it may still read) and "webhook_read" (it may do neither). LookupError
    for a key that nobody has, ValueError for rights of a key that has them all.
    """
    with world.store.transaction():
        holder = world.store.get("stripe_key", key)
        if holder is None:
            raise LookupError(key)
        if lacks and holder["kind"] != "restricted":
            raise ValueError(key)
        world.store.save("stripe_key", key, holder | {"lacks": lacks, "is_revoked": is_revoked})
