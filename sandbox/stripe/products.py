"""Products: create, read, list, change."""

from typing import Any

from sandbox import ids, times
from sandbox.store import Document
from sandbox.stripe import fields, objects
from sandbox.stripe.auth import Asked, keyed
from sandbox.world import World

CREATE = frozenset(
    [
        "active",
        "default_price_data",
        "description",
        "id",
        "images",
        "marketing_features",
        "metadata",
        "name",
        "package_dimensions",
        "shippable",
        "statement_descriptor",
        "tax_code",
        "tax_details",
        "type",
        "unit_label",
        "url",
    ]
)
UPDATE = CREATE - {"default_price_data", "id", "type"} | {"default_price"}


def new(world: World, account: Document, params: dict[str, Any]) -> Document:
    """A product from its parameters, kept."""
    product = objects.base(account, ids.stripe_id("prod"), "product") | {
        "active": fields.flag(params, "active", default=True),
        "attributes": [],
        "default_price": None,
        "description": fields.text(params, "description"),
        "images": fields.texts(params, "images") or [],
        "marketing_features": [],
        "metadata": fields.metadata(params),
        "name": fields.required(params, "name"),
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": fields.text(params, "statement_descriptor", longest=22),
        "tax_code": fields.text(params, "tax_code"),
        "type": "service",
        "unit_label": fields.text(params, "unit_label"),
        "updated": int(times.now()),
        "url": fields.url(params, "url"),
    }
    return objects.add(world, account, product)


@keyed
def create(world: World, asked: Asked) -> dict[str, Any]:
    fields.only(asked.params, CREATE)
    return objects.shown(world, asked, new(world, asked.account, asked.params))


@keyed
def show(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "product", id_))


@keyed
def index(world: World, asked: Asked) -> dict[str, Any]:
    products = objects.all_of(world, asked, "product")
    if fields.text(asked.params, "active") is not None:
        active = fields.flag(asked.params, "active", default=True)
        products = [product for product in products if product["active"] == active]
    return objects.listing(world, asked, products)


@keyed
def update(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    fields.only(asked.params, UPDATE)
    with world.store.transaction():
        product = objects.owned(world, asked, "product", id_)
        for name in ("name", "description", "unit_label", "tax_code"):
            if name in asked.params:
                product[name] = fields.text(asked.params, name)
        product["active"] = fields.flag(asked.params, "active", default=product["active"])
        product["metadata"] = fields.metadata(asked.params, product["metadata"])
        product["updated"] = int(times.now())
        objects.save(world, product)
    return objects.shown(world, asked, product)
