"""Refunds, whole or in parts; one may fail afterwards, and then the money is the seller's again."""

from typing import Any

from sandbox import ids
from sandbox.store import Document
from sandbox.stripe import disputes, events, fields, objects
from sandbox.stripe.auth import Asked, keyed
from sandbox.stripe.refusals import missing, refuse
from sandbox.world import World

CREATE = frozenset(
    [
        "amount",
        "charge",
        "currency",
        "customer",
        "instructions_email",
        "metadata",
        "origin",
        "payment_intent",
        "reason",
        "refund_application_fee",
        "reverse_transfer",
    ]
)


class RefundIsOver(Exception):
    """The refund failed already."""


@keyed
def create(world: World, asked: Asked) -> dict[str, Any]:
    fields.only(asked.params, CREATE)
    with world.store.transaction():
        charge = _charge(world, asked)
        refund = refund_charge(
            world,
            charge,
            amount=fields.whole(asked.params, "amount"),
            reason=fields.text(asked.params, "reason"),
            metadata=fields.metadata(asked.params),
            request=(asked.request_id, asked.idempotency_key),
        )
    return objects.shown(world, asked, refund)


def _charge(world: World, asked: Asked) -> Document:
    charge_id = fields.text(asked.params, "charge")
    if charge_id is not None:
        return objects.owned(world, asked, "charge", charge_id, param="charge", status=400)
    intent_id = fields.text(asked.params, "payment_intent")
    if intent_id is None:
        raise refuse(400, "One of the following params should be provided for this request: payment_intent or charge.")
    intent = objects.owned(world, asked, "payment_intent", intent_id, param="payment_intent", status=400)
    charge = world.store.get("stripe_charge", intent["latest_charge"] or "")
    if charge is None:
        raise missing("charge", intent_id, param="payment_intent", status=400)
    return charge


def refund_charge(
    world: World,
    charge: Document,
    *,
    amount: int | None,
    reason: str | None,
    metadata: dict[str, str],
    request: tuple[str | None, str | None] = events.BY_NOBODY,
) -> Document:
    """Gives `amount` back (None: all that is left), with its events. Refused 400 for more than is left."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise refuse(400, f"Charge {charge['id']} was not paid.", param="charge")
    if disputes.is_disputed(world, charge):
        raise refuse(400, f"Charge {charge['id']} has been charged back.", code="charge_disputed")
    if left <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise refuse(400, message, code="charge_already_refunded")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})."
        raise refuse(400, message, param="amount")
    account = world.store.get("stripe_account", charge["_account"]) or {}
    refund = objects.base(account, ids.stripe_id("re"), "refund") | {
        "amount": amount,
        "balance_transaction": ids.stripe_id("txn"),
        "charge": charge["id"],
        "currency": charge["currency"],
        "destination_details": {"type": charge["payment_method_details"]["type"]},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "status": "succeeded",
    }
    objects.add(world, account, refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    objects.save(world, charge)
    happened = [("refund.created", refund), ("charge.refunded", charge), ("refund.updated", refund)]
    events.emit(world, charge["_account"], happened, request=request)
    return refund


def fail(world: World, refund_id: str) -> Document:
    """The buyer's bank sends the money back. LookupError, RefundIsOver."""
    with world.store.transaction():
        refund = world.store.get("stripe_refund", refund_id)
        if refund is None:
            raise LookupError(refund_id)
        if refund["status"] == "failed":
            raise RefundIsOver(refund_id)
        charge = world.store.get("stripe_charge", refund["charge"]) or {}
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        refund |= {"status": "failed", "failure_reason": "declined"}
        refund["failure_balance_transaction"] = ids.stripe_id("txn")
        objects.save(world, charge)
        objects.save(world, refund)
        events.emit(world, refund["_account"], [("refund.updated", refund), ("refund.failed", refund)])
    return refund


@keyed
def show(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "refund", id_))


@keyed
def index(world: World, asked: Asked) -> dict[str, Any]:
    refunds = objects.all_of(world, asked, "refund")
    if (intent_id := fields.text(asked.params, "payment_intent")) is not None:
        objects.owned(world, asked, "payment_intent", intent_id, param="payment_intent")
    for name in ("payment_intent", "charge"):
        wanted = fields.text(asked.params, name)
        refunds = [refund for refund in refunds if wanted in (None, refund[name])]
    return objects.listing(world, asked, refunds)
