"""Disputes: the buyer's bank asks, takes the money, gives it back or keeps it, one step at a time."""

from typing import Any

from sandbox import ids, times
from sandbox.store import Document
from sandbox.stripe import events, fields, objects
from sandbox.stripe.auth import Asked, keyed
from sandbox.world import World

ANSWER_WITHIN_SECONDS = 9 * 24 * 3600
OPEN = ("needs_response", "under_review")
INQUIRY = ("warning_needs_response", "warning_under_review")
# What a step needs the status to be, what it makes of it (None: nothing), and the event that tells.
STEPS: dict[str, tuple[tuple[str, ...], str | None, str]] = {
    "escalate": (INQUIRY, "needs_response", "updated"),
    "end_inquiry": (INQUIRY, "warning_closed", "closed"),
    "withdraw": ((*OPEN, "lost"), None, "funds_withdrawn"),
    "reinstate": ((*OPEN, "won"), None, "funds_reinstated"),
    "win": (OPEN, "won", "closed"),
    "lose": (OPEN, "lost", "closed"),
}


class NotDisputable(Exception):
    """Nothing was paid with this charge, or it is disputed already."""


class StepNotPossible(Exception):
    """The dispute is not where this step starts."""


def open_dispute(
    world: World, charge_id: str, *, amount: int | None = None, reason: str = "fraudulent", is_inquiry: bool = False
) -> Document:
    """The bank disputes a charge, or only inquires. No money moves yet. LookupError, NotDisputable."""
    with world.store.transaction():
        charge = world.store.get("stripe_charge", charge_id)
        if charge is None:
            raise LookupError(charge_id)
        amount = charge["amount"] if amount is None else amount
        if charge["status"] != "succeeded" or charge["disputed"] or not 0 < amount <= charge["amount"]:
            raise NotDisputable(charge_id)
        account = world.store.get("stripe_account", charge["_account"]) or {}
        dispute = objects.base(account, ids.stripe_id("du"), "dispute") | {
            "amount": amount,
            "balance_transactions": [],
            "charge": charge_id,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {},
            "evidence_details": {
                "due_by": int(times.now()) + ANSWER_WITHIN_SECONDS,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": is_inquiry,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {"type": charge["payment_method_details"]["type"]},
            "reason": reason,
            "status": "warning_needs_response" if is_inquiry else "needs_response",
        }
        objects.add(world, account, dispute)
        objects.save(world, charge | {"disputed": True})
        events.emit(world, charge["_account"], [("charge.dispute.created", dispute)])
    return dispute


def step(world: World, dispute_id: str, name: str) -> Document:
    """The next step of a dispute, one of STEPS. LookupError, StepNotPossible."""
    needed, status, told = STEPS[name]
    with world.store.transaction():
        dispute = world.store.get("stripe_dispute", dispute_id)
        if dispute is None:
            raise LookupError(dispute_id)
        balance = sum(moved["amount"] for moved in dispute["balance_transactions"])
        is_moved = (name == "withdraw" and balance != 0) or (name == "reinstate" and balance == 0)
        if dispute["status"] not in needed or is_moved:
            raise StepNotPossible(name)
        if name in ("withdraw", "reinstate"):
            dispute["balance_transactions"].append(_movement(dispute, name == "withdraw"))
        dispute["status"] = status or dispute["status"]
        dispute["is_charge_refundable"] = dispute["status"].startswith("warning")
        objects.save(world, dispute)
        events.emit(world, dispute["_account"], [(f"charge.dispute.{told}", dispute)])
    return dispute


def reverse_bank_debit(world: World, charge_id: str) -> Document:
    """The payer has the bank take a debit back: lost at once, without appeal. Raises like both."""
    with world.store.transaction():
        dispute = open_dispute(world, charge_id, reason="debit_not_authorized")
        step(world, dispute["id"], "withdraw")
        return step(world, dispute["id"], "lose")


def is_disputed(world: World, charge: Document) -> bool:
    """Whether a dispute that is more than an inquiry stands against a refund of this charge."""
    disputes = world.store.find("stripe_dispute", owner=charge["_account"])
    return any(one["charge"] == charge["id"] and not one["is_charge_refundable"] for one in disputes)


def _movement(dispute: Document, is_withdrawal: bool) -> dict[str, Any]:
    amount = -dispute["amount"] if is_withdrawal else dispute["amount"]
    return {
        "id": ids.stripe_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "created": int(times.now()),
        "currency": dispute["currency"],
        "fee": 2000 if is_withdrawal else 0,
        "net": amount - 2000 if is_withdrawal else amount,
        "reporting_category": "dispute" if is_withdrawal else "dispute_reversal",
        "source": dispute["id"],
        "status": "available",
        "type": "adjustment",
    }


@keyed
def show(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "dispute", id_))


@keyed
def index(world: World, asked: Asked) -> dict[str, Any]:
    disputes = objects.all_of(world, asked, "dispute")
    if (intent_id := fields.text(asked.params, "payment_intent")) is not None:
        objects.owned(world, asked, "payment_intent", intent_id, param="payment_intent")
    for name in ("payment_intent", "charge"):
        wanted = fields.text(asked.params, name)
        disputes = [dispute for dispute in disputes if wanted in (None, dispute[name])]
    return objects.listing(world, asked, disputes)
