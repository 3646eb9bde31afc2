"""Checkout Sessions: created open with a page of their own, then complete or expired.

What the portal makes has mode=payment. mode=subscription is what others sell through the same account: its first
invoice is paid, and nothing is ever renewed.
"""

import re
from typing import Any

from sandbox import ids, times
from sandbox.store import Document
from sandbox.stripe import checkout_rules, events, fields, objects, prices, totals
from sandbox.stripe.auth import Asked, keyed
from sandbox.stripe.refusals import missing, refuse
from sandbox.world import World

CREATE = frozenset(
    [
        "adaptive_pricing",
        "after_expiration",
        "allow_promotion_codes",
        "allowed_payment_method_types",
        "automatic_tax",
        "billing_address_collection",
        "branding_settings",
        "cancel_url",
        "client_reference_id",
        "consent_collection",
        "currency",
        "custom_fields",
        "custom_text",
        "customer",
        "customer_account",
        "customer_creation",
        "customer_email",
        "customer_update",
        "discounts",
        "excluded_payment_method_types",
        "expires_at",
        "integration_identifier",
        "invoice_creation",
        "line_items",
        "locale",
        "managed_payments",
        "metadata",
        "mode",
        "name_collection",
        "optional_items",
        "origin_context",
        "payment_intent_data",
        "payment_method_collection",
        "payment_method_configuration",
        "payment_method_data",
        "payment_method_options",
        "permissions",
        "phone_number_collection",
        "redirect_on_completion",
        "return_url",
        "saved_payment_method_options",
        "setup_intent_data",
        "shipping_address_collection",
        "shipping_options",
        "submit_type",
        "subscription_data",
        "success_url",
        "tax_id_collection",
        "ui_mode",
        "wallet_options",
    ]
)
# What every new session says of itself.
AS_CREATED: Document = {
    "client_secret": None,
    "custom_fields": [],
    "customer": None,
    "discounts": [],
    "invoice": None,
    "payment_intent": None,
    "payment_link": None,
    "payment_method_collection": "if_required",
    "payment_method_options": {},
    "presentment_details": None,
    "recovered_from": None,
    "setup_intent": None,
    "status": "open",
    "subscription": None,
    "ui_mode": "hosted_page",
    "_codes": [],
    "_payment_intent": None,
}
SOONEST_EXPIRY_SECONDS, LATEST_EXPIRY_SECONDS = 30 * 60, 24 * 3600
LEAST_AMOUNT = {"eur": 50, "usd": 50, "gbp": 30}
MOST_LINE_ITEMS = 100
MODES = ("payment", "subscription")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@keyed
def create(world: World, asked: Asked) -> dict[str, Any]:
    params = asked.params
    fields.only(params, CREATE)
    _check(params)
    checkout_rules.check(asked.account, params)
    with world.store.transaction():
        items = _line_items(world, asked)
        session = _new(asked, params, items)
        session["url"] = f"{world.base_url}/checkout/{session['id']}"
        session["_line_items"]["url"] = f"/v1/checkout/sessions/{session['id']}/line_items"
        objects.add(world, asked.account, session)
        world.store.arm("stripe_checkout.session", session["id"], session["expires_at"])
    return objects.shown(world, asked, session)


def _check(params: dict[str, Any]) -> None:
    mode = fields.required(params, "mode")
    if mode not in MODES:
        raise refuse(400, f"The sandbox sells with mode=payment or mode=subscription, not {mode}.", param="mode")
    if mode == "subscription" and "payment_intent_data" in params:
        message = "You can not pass `payment_intent_data` in `subscription` mode."
        raise refuse(400, message, param="payment_intent_data")
    if (fields.text(params, "ui_mode") or "hosted_page") not in ("hosted_page", "hosted"):
        raise refuse(400, "The sandbox has the hosted page only.", param="ui_mode")
    if fields.url(
        {"success_url": fields.required(params, "success_url").replace("{", "").replace("}", "")}, "success_url"
    ):
        fields.url(params, "cancel_url")
    fields.text(params, "client_reference_id", longest=200)
    email = fields.text(params, "customer_email")
    if email is not None and not EMAIL.fullmatch(email):
        raise refuse(400, f"Invalid email address: {email}", code="email_invalid", param="customer_email")
    if fields.text(params, "customer") is not None:
        raise missing("customer", str(params["customer"]), param="customer", status=400)
    if params.get("discounts") and fields.flag(params, "allow_promotion_codes", default=False):
        raise refuse(400, "You may only specify one of these parameters: allow_promotion_codes, discounts.")
    expires_at = fields.whole(params, "expires_at")
    ahead = None if expires_at is None else expires_at - times.now()
    if ahead is not None and not SOONEST_EXPIRY_SECONDS - 60 <= ahead <= LATEST_EXPIRY_SECONDS + 60:
        raise refuse(400, "expires_at must be between 30 minutes and 24 hours from now.", param="expires_at")


def _line_items(world: World, asked: Asked) -> list[Document]:
    given = asked.params.get("line_items")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_LINE_ITEMS:
        raise refuse(400, "Missing required param: line_items.", code="parameter_missing", param="line_items")
    items = [_line_item(world, asked, item, place) for place, item in enumerate(given)]
    if len({item["currency"] for item in items}) > 1:
        raise refuse(400, "All line items must have the same currency.", param="line_items")
    if asked.params["mode"] == "subscription" and all(item["price"]["type"] == "one_time" for item in items):
        raise refuse(400, "You must provide at least one recurring price in `subscription` mode.", param="line_items")
    total, currency = sum(item["amount_total"] for item in items), items[0]["currency"]
    if 0 < total < LEAST_AMOUNT.get(currency, 0):
        least = f"{LEAST_AMOUNT[currency] / 100:.2f} {currency}"
        raise refuse(400, f"The total amount due must add up to at least {least}.", code="amount_too_small")
    return items


def _line_item(world: World, asked: Asked, given: Any, place: int) -> Document:
    param = f"line_items[{place}]"
    if not isinstance(given, dict):
        raise refuse(400, "Invalid object", param=param)
    quantity = fields.whole(given, "quantity", param=f"{param}[quantity]") if "quantity" in given else 1
    if quantity is None or quantity < 1:
        raise refuse(400, "This value must be greater than or equal to 1.", param=f"{param}[quantity]")
    data = fields.mapping(given, "price_data")
    if data:
        price = prices.new(world, asked.account, data)
    else:
        price = objects.owned(
            world, asked, "price", fields.required(given, "price"), param=f"{param}[price]", status=400
        )
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise refuse(400, message, param=f"{param}[price]")
    if price["type"] != "one_time" and asked.params["mode"] == "payment":
        message = "You must provide only one_time prices in payment mode."
        raise refuse(400, message, param=f"{param}[price]")
    product = world.store.get("stripe_product", price["product"]) or {}
    amount = (price["unit_amount"] or 0) * quantity
    return {
        "id": ids.stripe_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product.get("name", ""),
        "price": objects.public(price),
        "quantity": quantity,
    }


def _new(asked: Asked, params: dict[str, Any], items: list[Document]) -> Document:
    mode = "live" if asked.livemode else "test"
    session = objects.base(asked.account, f"cs_{mode}_a1{ids.token(56)}", "checkout.session")
    email = fields.text(params, "customer_email")
    intent = fields.mapping(params, "payment_intent_data")
    asked_for = ("after_expiration", "consent_collection", "custom_text", "saved_payment_method_options")
    session |= AS_CREATED | {
        **{name: params.get(name) for name in asked_for},
        "adaptive_pricing": {"enabled": fields.mapping(params, "adaptive_pricing").get("enabled") == "true"},
        "allow_promotion_codes": fields.flag(params, "allow_promotion_codes", default=False) or None,
        "allowed_payment_method_types": fields.texts(params, "allowed_payment_method_types"),
        "automatic_tax": _automatic_tax(params),
        "billing_address_collection": fields.text(params, "billing_address_collection"),
        "cancel_url": fields.text(params, "cancel_url"),
        "client_reference_id": fields.text(params, "client_reference_id"),
        "currency": items[0]["currency"],
        "customer_creation": fields.text(params, "customer_creation") or "if_required",
        "customer_details": {"email": email, "name": None, "address": None, "phone": None} if email else None,
        "customer_email": email,
        "excluded_payment_method_types": fields.texts(params, "excluded_payment_method_types"),
        "expires_at": fields.whole(params, "expires_at") or int(times.now()) + LATEST_EXPIRY_SECONDS,
        "locale": fields.text(params, "locale"),
        "mode": fields.required(params, "mode"),
        "metadata": fields.metadata(params),
        "invoice_creation": {"enabled": _enabled(params, "invoice_creation")},
        "payment_method_types": checkout_rules.methods(asked.account, params),
        "submit_type": fields.text(params, "submit_type"),
        "success_url": fields.text(params, "success_url"),
        "tax_id_collection": {"enabled": _enabled(params, "tax_id_collection")},
        "_line_items": {"object": "list", "data": items, "has_more": False},
        "_intent_data": intent | {"metadata": fields.metadata(intent)},
    }
    totals.reckon(session)
    return session


def _enabled(params: dict[str, Any], name: str) -> bool:
    return fields.mapping(params, name).get("enabled") == "true"


def _automatic_tax(params: dict[str, Any]) -> dict[str, Any]:
    wanted = _enabled(params, "automatic_tax")
    return {"enabled": wanted, "liability": None, "provider": None, "status": "complete" if wanted else None}


@keyed
def show(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "checkout.session", id_))


@keyed
def line_items(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    session = objects.owned(world, asked, "checkout.session", id_)
    return objects.listing(world, asked, session["_line_items"]["data"])


@keyed
def index(world: World, asked: Asked) -> dict[str, Any]:
    sessions = objects.all_of(world, asked, "checkout.session")
    for name in ("status", "payment_intent"):
        wanted = fields.text(asked.params, name)
        sessions = [session for session in sessions if wanted in (None, session[name])]
    return objects.listing(world, asked, sessions)


@keyed
def expire(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    with world.store.transaction():
        session = objects.owned(world, asked, "checkout.session", id_)
        if session["status"] != "open":
            message = (
                f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
            )
            raise refuse(400, message)
        session = _expire(world, session, (asked.request_id, asked.idempotency_key))
    return objects.shown(world, asked, session)


def _expire(world: World, session: Document, request: tuple[str | None, str | None]) -> Document:
    session |= {"status": "expired", "url": None}
    objects.save(world, session)
    world.store.arm("stripe_checkout.session", session["id"], None)
    events.emit(world, session["_account"], [("checkout.session.expired", session)], request=request)
    return session


def run_out(world: World, session: Document) -> None:
    """The clock's handler: the session's time is over."""
    with world.store.transaction():
        current = world.store.get("stripe_checkout.session", session["id"])
        if current is None or current["status"] != "open":
            world.store.arm("stripe_checkout.session", session["id"], None)
            return
        _expire(world, current, (None, None))
