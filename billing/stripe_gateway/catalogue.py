"""Whose key it is, what it may do, and what that Stripe account sells: products and prices, made and found again."""

import uuid
from typing import Any

import stripe

from billing.stripe_gateway.asking import asking
from billing.stripe_gateway.rights import RIGHTS, Right
from billing.stripe_shapes import PriceState, StripeAccount, StripeKeyRefused, StripeRefused, StripeRightMissing
from vault import key_shapes


def check_account(secret_key: str) -> StripeAccount:
    """Whose key this is. A restricted key may mostly not say so; what else it may do is for `lacking_rights`.

    Raises StripeKeyRefused or StripeUnreachable.
    """
    livemode = key_shapes.is_live(secret_key)
    try:
        with asking(secret_key) as client:
            account = client.v1.accounts.retrieve_current().to_dict()
            name = (account.get("business_profile") or {}).get("name") or _dashboard_name(account)
            return StripeAccount(
                id=account["id"],
                name=name or "",
                livemode=livemode,
                charges_enabled=account.get("charges_enabled") is not False,
                country=account.get("country") or "",
                default_currency=account.get("default_currency") or "",
                statement_name=_statement_name(account),
            )
    except StripeRightMissing:
        return StripeAccount(id="", name="", livemode=livemode)


def lacking_rights(secret_key: str) -> list[Right]:
    """What a restricted key may not do although it is for it. One request a right; a secret key may do everything.

    Raises StripeKeyRefused and StripeUnreachable.
    """
    if not key_shapes.is_restricted(secret_key):
        return []
    return [right for right in RIGHTS if not _has(secret_key, right)]


def check_price(*, secret_key: str, price_id: str) -> PriceState:
    """The price and its product as they are now. Raises StripeMissing and the other failures."""
    with asking(secret_key) as client:
        return _price(client.v1.prices.retrieve(price_id, {"expand": ["product"]}))


def make_product_and_price(
    *, secret_key: str, package_id: uuid.UUID, name: str, price_minor: int, currency: str, product_id: str = ""
) -> PriceState:
    """The price of this package at Stripe, made with its product, or found again if an earlier try made it.

    The lookup key names package, amount and currency, so asking any number of times gives one price.
    """
    lookup_key = f"package-{package_id}-{price_minor}-{currency}"
    with asking(secret_key) as client:
        found = client.v1.prices.list({"lookup_keys": [lookup_key], "expand": ["data.product"], "limit": 1}).data
        if found:
            return _price(_revived(client, found[0]))
        if not product_id:
            product_id = client.v1.products.create(
                {"name": name, "metadata": {"package_id": str(package_id)}},
                {"idempotency_key": f"product-{uuid.uuid5(package_id, name)}"},
            ).id
        price = client.v1.prices.create(
            {
                "product": product_id,
                "currency": currency,
                "unit_amount": price_minor,
                "lookup_key": lookup_key,
                "metadata": {"package_id": str(package_id)},
                "expand": ["product"],
            },
            {"idempotency_key": f"price-{uuid.uuid5(package_id, f'{product_id}-{price_minor}-{currency}')}"},
        )
        return _price(price)


def _has(secret_key: str, right: Right) -> bool:
    try:
        with asking(secret_key) as client:
            right.ask(client)
    except StripeRightMissing:
        return False
    except StripeKeyRefused:
        raise
    except StripeRefused:
        # It was looked for and not found: the right is there.
        return True
    return True


def _revived(client: stripe.StripeClient, price: stripe.Price) -> stripe.Price:
    product = price.to_dict()["product"]
    if not product["active"]:
        client.v1.products.update(product["id"], {"active": True})
    elif price.active:
        return price
    return client.v1.prices.update(price.id, {"active": True, "expand": ["product"]})


def _price(price: stripe.Price) -> PriceState:
    fields = price.to_dict()
    product = fields["product"]
    return PriceState(
        id=fields["id"],
        active=fields["active"] is True,
        type=fields["type"],
        billing_scheme=fields["billing_scheme"],
        unit_amount=fields["unit_amount"],
        currency=str(fields["currency"]).lower(),
        product_id=product["id"],
        product_active=product.get("active") is True,
        livemode=fields["livemode"] is True,
    )


def _statement_name(account: dict[str, Any]) -> str:
    """What stands on the buyer's card statement, as far as the account says."""
    settings = account.get("settings") or {}
    named = (settings.get("payments") or {}).get("statement_descriptor")
    return named or (settings.get("card_payments") or {}).get("statement_descriptor_prefix") or ""


def _dashboard_name(account: dict[str, Any]) -> str | None:
    return ((account.get("settings") or {}).get("dashboard") or {}).get("display_name")
