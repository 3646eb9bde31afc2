"""Promotion codes of an account: made by a lever, entered on the Checkout page by whoever has one."""

from sandbox import ids
from sandbox.store import Document
from sandbox.stripe import totals
from sandbox.world import World


class NoSuchCode(LookupError):
    """The account has no such code, or the session takes none."""


def make(world: World, account_id: str, *, code: str, percent_off: int) -> Document:
    """A code that takes so many percent off, 100 for all of it. Raises LookupError without the account."""
    with world.store.transaction():
        account = world.store.get("stripe_account", account_id)
        if account is None:
            raise LookupError(account_id)
        made: Document = {
            "id": ids.stripe_id("promo"),
            "code": code,
            "coupon": ids.stripe_id("coupon"),
            "_percent_off": percent_off,
        }
        account["_promotion_codes"] = account.get("_promotion_codes", {}) | {code.casefold(): made}
        world.store.save("stripe_account", account_id, account)
    return made


def apply(world: World, session: Document, code: str) -> Document:
    """Put the code on an open session and reckon anew; inside the caller's transaction. Raises NoSuchCode."""
    account = world.store.get("stripe_account", session["_account"]) or {}
    found = account.get("_promotion_codes", {}).get(code.strip().casefold())
    if found is None or not session["allow_promotion_codes"]:
        raise NoSuchCode(code)
    session["_codes"] = [found]
    totals.reckon(session)
    world.store.save("stripe_checkout.session", session["id"], session)
    return session
