"""Prices: an amount never changes, so a price is created, read, listed and archived."""

import re
from typing import Any

from sandbox import ids
from sandbox.store import Document
from sandbox.stripe import fields, objects, products
from sandbox.stripe.auth import Asked, keyed
from sandbox.stripe.refusals import missing, refuse
from sandbox.world import World

CREATE = frozenset(
    [
        "active",
        "billing_scheme",
        "currency",
        "currency_options",
        "custom_unit_amount",
        "lookup_key",
        "metadata",
        "nickname",
        "product",
        "product_data",
        "recurring",
        "tax_behavior",
        "tiers",
        "tiers_mode",
        "transfer_lookup_key",
        "transform_quantity",
        "unit_amount",
        "unit_amount_decimal",
    ]
)
UPDATE = frozenset(
    ["active", "currency_options", "lookup_key", "metadata", "nickname", "tax_behavior", "transfer_lookup_key"]
)
CURRENCY = re.compile(r"[a-zA-Z]{3}")


def currency(params: dict[str, Any]) -> str:
    code = fields.required(params, "currency")
    if not CURRENCY.fullmatch(code):
        raise refuse(400, f"Invalid currency: {code}", param="currency")
    return code.lower()


def new(world: World, account: Document, params: dict[str, Any]) -> Document:
    """A price from its parameters, kept; with product_data its product is made along with it."""
    amount = fields.whole(params, "unit_amount")
    custom = fields.mapping(params, "custom_unit_amount")
    if amount is None and not custom:
        raise refuse(400, "Missing required param: unit_amount.", code="parameter_missing", param="unit_amount")
    if amount is not None and amount < 0:
        raise refuse(400, "This value must be greater than or equal to 0.", param="unit_amount")
    recurring = fields.mapping(params, "recurring") or None
    code = currency(params)
    product_id = _product_id(world, account, params)
    price = objects.base(account, ids.stripe_id("price"), "price") | {
        "active": fields.flag(params, "active", default=True),
        "billing_scheme": fields.text(params, "billing_scheme") or "per_unit",
        "currency": code,
        "custom_unit_amount": custom or None,
        "lookup_key": fields.text(params, "lookup_key", longest=200),
        "metadata": fields.metadata(params),
        "nickname": fields.text(params, "nickname"),
        "product": product_id,
        "recurring": recurring and {"interval_count": 1, "usage_type": "licensed", "meter": None} | recurring,
        "tax_behavior": fields.text(params, "tax_behavior") or "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": None if amount is None else str(amount),
    }
    return objects.add(world, account, price)


def _product_id(world: World, account: Document, params: dict[str, Any]) -> str:
    data = fields.mapping(params, "product_data")
    if data:
        return str(products.new(world, account, data)["id"])
    id_ = fields.required(params, "product")
    product = world.store.get("stripe_product", id_)
    if product is None or product["_account"] != account["id"]:
        raise missing("product", id_, param="product", status=400)
    return id_


@keyed
def create(world: World, asked: Asked) -> dict[str, Any]:
    fields.only(asked.params, CREATE)
    with world.store.transaction():
        price = new(world, asked.account, asked.params)
    return objects.shown(world, asked, price)


@keyed
def show(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "price", id_))


@keyed
def index(world: World, asked: Asked) -> dict[str, Any]:
    prices = objects.all_of(world, asked, "price")
    for name in ("product", "currency", "type"):
        wanted = fields.text(asked.params, name)
        prices = [price for price in prices if wanted in (None, price[name])]
    keys = fields.texts(asked.params, "lookup_keys")
    if keys is not None:
        prices = [price for price in prices if price["lookup_key"] in keys]
    if fields.text(asked.params, "active") is not None:
        active = fields.flag(asked.params, "active", default=True)
        prices = [price for price in prices if price["active"] == active]
    return objects.listing(world, asked, prices)


@keyed
def update(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    fields.only(asked.params, UPDATE)
    with world.store.transaction():
        price = objects.owned(world, asked, "price", id_)
        for name in ("nickname", "lookup_key", "tax_behavior"):
            if name in asked.params:
                price[name] = fields.text(asked.params, name)
        price["active"] = fields.flag(asked.params, "active", default=price["active"])
        price["metadata"] = fields.metadata(asked.params, price["metadata"])
        objects.save(world, price)
    return objects.shown(world, asked, price)
