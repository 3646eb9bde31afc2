"""What a buyer's payment does: intent, charge, session and their events, all in one transaction."""

from typing import Any, Literal

from sandbox import ids, times
from sandbox.store import Document
from sandbox.stripe import events, fields, objects, papers, promotions
from sandbox.stripe.auth import Asked, keyed
from sandbox.world import World

Method = Literal["card", "bank_debit"]
DECLINED_CARD = "4000000000000002"
DECLINED = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "generic_decline",
    "message": "Your card was declined.",
}
BANK_FAILED = {
    "type": "card_error",
    "code": "payment_intent_payment_attempt_failed",
    "message": "The bank debit could not be collected.",
}


class SessionNotOpen(Exception):
    """The session was paid already, or its time is over; `status` says which."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class MethodNotOffered(Exception):
    """The session does not take this way of paying."""


class CardDeclined(Exception):
    """The bank said no; the session stays open."""


class NoBankPaymentPending(Exception):
    """The session waits for no bank."""


def pay(
    world: World, session_id: str, *, method: Method, card: str, email: str | None, code: str = "", tax_id: str = ""
) -> Document:
    """Pays an open session and gives its checkout.session.completed event; a bank debit settles later. A promotion code
    that takes everything off leaves nothing to pay.

    Raises LookupError, SessionNotOpen, MethodNotOffered, CardDeclined, promotions.NoSuchCode.
    """
    with world.store.transaction():
        session = open_session(world, session_id)
        if code:
            promotions.apply(world, session, code)
        email = email or session["customer_email"]
        tax_ids = [{"type": "eu_vat", "value": tax_id}] if tax_id and session["tax_id_collection"]["enabled"] else []
        session["customer_details"] = {"email": email, "name": None, "address": None, "phone": None, "tax_ids": tax_ids}
        if session["amount_total"] == 0:
            return _complete(world, session, paid=None)
        type_ = "card" if method == "card" else "sepa_debit"
        if type_ not in session["payment_method_types"]:
            raise MethodNotOffered(method)
        intent = _intent(world, session)
        is_declined = method == "card" and card == DECLINED_CARD
        if is_declined:
            _fail(world, session, intent, DECLINED, type_, card)
        else:
            completed = _complete(world, session, paid=(intent, type_, card))
    if is_declined:
        raise CardDeclined(session_id)
    return completed


def open_session(world: World, session_id: str) -> Document:
    """The session while it can be paid. Raises LookupError, SessionNotOpen."""
    session = world.store.get("stripe_checkout.session", session_id)
    if session is None:
        raise LookupError(session_id)
    if session["status"] == "open" and session["expires_at"] <= times.now():
        raise SessionNotOpen("expired")
    if session["status"] != "open":
        raise SessionNotOpen(session["status"])
    return session


def _intent(world: World, session: Document) -> Document:
    kept = world.store.get("stripe_payment_intent", session["_payment_intent"] or "")
    if kept is not None:
        # A promotion code may have come in after a declined card.
        return objects.save(world, kept | {"amount": session["amount_total"]})
    account = world.store.get("stripe_account", session["_account"]) or {}
    data = session["_intent_data"]
    id_ = ids.stripe_id("pi")
    intent = objects.base(account, id_, "payment_intent") | {
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": data.get("capture_method", "automatic_async"),
        "client_secret": f"{id_}_secret_{ids.token(25)}",
        "confirmation_method": "automatic",
        "currency": session["currency"],
        "customer": None,
        "description": data.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": data["metadata"],
        "next_action": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": session["payment_method_types"],
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "setup_future_usage": data.get("setup_future_usage"),
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
    }
    objects.add(world, account, intent)
    session["_payment_intent"] = id_
    objects.save(world, session)
    events.emit(world, session["_account"], [("payment_intent.created", intent)])
    return intent


def _charge(world: World, session: Document, intent: Document, type_: str, card: str, status: str) -> Document:
    account = world.store.get("stripe_account", session["_account"]) or {}
    details: dict[str, Any] = {"type": type_}
    if type_ == "card":
        details["card"] = {"brand": "visa", "country": "NL", "funding": "credit", "last4": card[-4:]}
    else:
        details["sepa_debit"] = {"bank_code": "INGB", "country": "NL", "last4": "3000"}
    is_paid, id_ = status == "succeeded", ids.stripe_id("ch")
    charge = objects.base(account, id_, "charge") | {
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if is_paid else 0,
        "amount_refunded": 0,
        "balance_transaction": ids.stripe_id("txn") if is_paid else None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": is_paid,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "metadata": intent["metadata"],
        "paid": is_paid,
        "payment_intent": intent["id"],
        "payment_method": ids.stripe_id("pm"),
        "payment_method_details": details,
        "receipt_email": intent["receipt_email"],
        "receipt_url": papers.receipt_url(world, id_) if is_paid else None,
        "refunded": False,
        "status": status,
    }
    return objects.add(world, account, charge)


def _fail(world: World, session: Document, intent: Document, error: dict[str, Any], type_: str, card: str) -> Document:
    charge = _charge(world, session, intent, type_, card, "failed")
    charge |= {"failure_code": error["code"], "failure_message": error["message"]}
    objects.save(world, charge)
    intent |= {"status": "requires_payment_method", "latest_charge": charge["id"], "processing": None}
    intent["last_payment_error"] = error | {"charge": charge["id"]}
    objects.save(world, intent)
    events.emit(world, session["_account"], [("charge.failed", charge), ("payment_intent.payment_failed", intent)])
    return charge


def _complete(world: World, session: Document, *, paid: tuple[Document, str, str] | None) -> Document:
    """The session is complete; `paid` is the intent, the type of method and the card, None when nothing was due."""
    session |= {"status": "complete", "url": None}
    happened: list[tuple[str, Document]] = []
    if paid is not None:
        intent, type_, card = paid
        is_card = type_ == "card"
        charge = _charge(world, session, intent, type_, card, "succeeded" if is_card else "pending")
        intent |= {
            "latest_charge": charge["id"],
            "payment_method": charge["payment_method"],
            "last_payment_error": None,
        }
        intent["status"] = "succeeded" if is_card else "processing"
        intent["amount_received"] = intent["amount"] if is_card else 0
        objects.save(world, intent)
        if session["mode"] == "subscription":
            # The payment is the first invoice's, and the session does not name it.
            session["subscription"] = ids.stripe_id("sub")
        else:
            session["payment_intent"] = intent["id"]
        session["payment_status"] = "paid" if is_card else "unpaid"
        charge_event = "charge.succeeded" if is_card else "charge.pending"
        intent_event = "payment_intent.succeeded" if is_card else "payment_intent.processing"
        happened = [(charge_event, charge), (intent_event, intent)]
    if session["payment_status"] != "unpaid":
        happened += papers.make_invoice(world, session)
    objects.save(world, session)
    world.store.arm("stripe_checkout.session", session["id"], None)
    happened.append(("checkout.session.completed", session))
    return events.emit(world, session["_account"], happened)[-1]


def settle_bank(world: World, session_id: str, *, succeeded: bool) -> Document:
    """The bank's late answer to a bank debit; gives the session. LookupError, NoBankPaymentPending."""
    with world.store.transaction():
        session = world.store.get("stripe_checkout.session", session_id)
        if session is None:
            raise LookupError(session_id)
        intent = world.store.get("stripe_payment_intent", session["_payment_intent"] or "")
        if session["status"] != "complete" or intent is None or intent["status"] != "processing":
            raise NoBankPaymentPending(session_id)
        charge = world.store.get("stripe_charge", intent["latest_charge"]) or {}
        if succeeded:
            charge["receipt_url"] = papers.receipt_url(world, charge["id"])
            happened = [*papers.make_invoice(world, session), *_bank_paid(session, intent, charge)]
        else:
            happened = _bank_failed(session, intent, charge)
        for _, document in happened:
            objects.save(world, document)
        events.emit(world, session["_account"], happened)
    return session


def _bank_paid(session: Document, intent: Document, charge: Document) -> list[tuple[str, Document]]:
    charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
    charge["balance_transaction"] = ids.stripe_id("txn")
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    session["payment_status"] = "paid"
    return [
        ("charge.succeeded", charge),
        ("payment_intent.succeeded", intent),
        ("checkout.session.async_payment_succeeded", session),
    ]


def _bank_failed(session: Document, intent: Document, charge: Document) -> list[tuple[str, Document]]:
    charge |= {"status": "failed", "failure_code": BANK_FAILED["code"], "failure_message": BANK_FAILED["message"]}
    intent |= {"status": "requires_payment_method", "last_payment_error": BANK_FAILED | {"charge": charge["id"]}}
    return [
        ("charge.failed", charge),
        ("payment_intent.payment_failed", intent),
        ("checkout.session.async_payment_failed", session),
    ]


@keyed
def show_intent(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "payment_intent", id_))


@keyed
def list_intents(world: World, asked: Asked) -> dict[str, Any]:
    return objects.listing(world, asked, objects.all_of(world, asked, "payment_intent"))


@keyed
def show_charge(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "charge", id_))


@keyed
def list_charges(world: World, asked: Asked) -> dict[str, Any]:
    charges = objects.all_of(world, asked, "charge")
    intent_id = fields.text(asked.params, "payment_intent")
    return objects.listing(world, asked, [one for one in charges if intent_id in (None, one["payment_intent"])])
