"""What Stripe answers, as far as this portal reads it: frozen shapes, and one error for each way of not answering.

No message in here ever holds a key.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


class StripeFailed(Exception):
    """Stripe did not do what was asked. `sentence` may be shown to the agency."""

    def __init__(self, sentence: str, *, code: str = "", param: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.param = param


class StripeRefused(StripeFailed):
    """Stripe answered no; asking again would be answered alike. `param` is what Stripe points at."""


class StripeKeyRefused(StripeRefused):
    """The secret key is not known to Stripe (any more)."""


class StripeRightMissing(StripeRefused):
    """A restricted key lacks the right that this call needs."""


class StripeMissing(StripeRefused):
    """The object does not exist in the account and mode of this key."""


class StripeUnreachable(StripeFailed):
    """No answer, or none that can be understood. Whether it was done is not known; asking again is safe."""


class NotASession(ValueError):
    """What stands in an event is no Checkout session."""


class NotAPayment(ValueError):
    """What stands in an event belongs to no payment."""


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """The account behind a key. `id` is empty when a restricted key may not read it."""

    id: str
    name: str
    livemode: bool
    charges_enabled: bool = True
    country: str = ""
    default_currency: str = ""
    statement_name: str = ""


@dataclass(frozen=True, slots=True)
class PriceState:
    """A price and its product as they are at Stripe now. `unit_amount` is None when it is no whole number of cents."""

    id: str
    active: bool
    type: str
    billing_scheme: str
    unit_amount: int | None
    currency: str
    product_id: str
    product_active: bool
    livemode: bool


@dataclass(frozen=True, slots=True)
class InlinePrice:
    """An amount for a product that Stripe has no price for: it is told on the payment page alone."""

    product_id: str
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A page where the client can pay. `url` is empty when the session is not open any more."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An endpoint that was just made. Its secret is told once. `replaces` names older ones at the same address."""

    id: str
    secret: str = field(repr=False)
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What Stripe has at our address: "enabled", "disabled" or "absent". `missing` are events that it does not send."""

    state: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """A Checkout session: open, complete or expired, and whether its money has come. Amounts in minor units."""

    id: str
    status: str
    payment_status: str
    mode: str
    livemode: bool
    currency: str
    amount_subtotal: int | None
    amount_total: int | None
    payment_intent: str = ""
    # Known only when the intent was expanded: a bank debit that failed leaves "requires_payment_method" here.
    payment_intent_status: str = ""
    client_reference_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    discount_minor: int = 0
    tax_minor: int = 0

    @property
    def is_paid(self) -> bool:
        """Whether the money is there. What is only authorised is not."""
        return self.payment_status == "paid" and not self.awaits_capture

    @property
    def is_free(self) -> bool:
        """Whether it was finished with nothing to pay: a promotion code took everything off."""
        done = self.status == "complete" and self.payment_status == "no_payment_required"
        return done and self.amount_total == 0

    @property
    def awaits_capture(self) -> bool:
        """Whether the money is set aside at the buyer's bank until the agency takes it."""
        return self.payment_intent_status == "requires_capture"

    @property
    def purchase_id(self) -> uuid.UUID | None:
        """The purchase this session was made for, or None for a session that is not ours.

        Both the reference and the metadata must say so: anybody can put a reference into a Payment Link's address.
        """
        if not self.client_reference_id or self.metadata.get("purchase_id") != self.client_reference_id:
            return None
        try:
            return uuid.UUID(self.client_reference_id)
        except ValueError:
            return None

    @property
    def bank_said_no(self) -> bool:
        """A delayed payment that has failed for good."""
        return (
            self.status == "complete"
            and self.payment_status == "unpaid"
            and self.payment_intent_status in ("requires_payment_method", "canceled")
        )


@dataclass(frozen=True, slots=True)
class RefundState:
    """A refund. The money counts as gone in every status but "failed" and "canceled"."""

    id: str
    payment_intent: str
    amount_minor: int
    currency: str
    status: str
    happened_at: datetime
    # Our own row, where the refund was asked for here.
    refund_id: str = ""


@dataclass(frozen=True, slots=True)
class DisputeState:
    """A dispute, and what it has moved: amounts in minor units of the payment's currency, both sums positive."""

    id: str
    payment_intent: str
    amount_minor: int
    currency: str
    status: str
    reason: str
    withdrawn_minor: int
    reinstated_minor: int
    happened_at: datetime


def refund_state(refund: Mapping[str, Any]) -> RefundState:
    """The shape of a refund as the API or an event shows it. Raises KeyError when a needed field is not there."""
    return RefundState(
        id=str(refund["id"]),
        payment_intent=_id_of(refund["payment_intent"]),
        amount_minor=int(refund["amount"]),
        currency=str(refund["currency"]).lower(),
        status=str(refund["status"] or ""),
        happened_at=datetime.fromtimestamp(refund["created"], UTC),
        refund_id=str((refund.get("metadata") or {}).get("refund_id") or ""),
    )


def dispute_state(dispute: Mapping[str, Any]) -> DisputeState:
    """The shape of a dispute as the API or an event shows it. Raises KeyError when a needed field is not there."""
    amount, currency = int(dispute["amount"]), str(dispute["currency"]).lower()
    withdrawn = reinstated = 0
    for moved in dispute["balance_transactions"]:
        # Where the account is kept in another currency, the movement says only which way the disputed amount went.
        minor = abs(moved["amount"]) if moved["currency"] == currency else amount
        if moved["amount"] < 0:
            withdrawn += minor
        elif moved["amount"] > 0:
            reinstated += minor
    return DisputeState(
        id=str(dispute["id"]),
        payment_intent=_id_of(dispute["payment_intent"]),
        amount_minor=amount,
        currency=currency,
        status=str(dispute["status"] or ""),
        reason=str(dispute["reason"] or ""),
        withdrawn_minor=withdrawn,
        reinstated_minor=reinstated,
        happened_at=datetime.fromtimestamp(dispute["created"], UTC),
    )


def _id_of(value: Any) -> str:
    """The id of something that may be expanded, or "" for nothing."""
    return str((value["id"] if isinstance(value, Mapping) else value) or "")


def checkout_state(session: Mapping[str, Any]) -> CheckoutState:
    """The shape of a session as the API or an event shows it. Raises KeyError when a needed field is not there."""
    intent = session["payment_intent"]
    expanded = isinstance(intent, Mapping)
    subtotal, total, details = session["amount_subtotal"], session["amount_total"], session.get("total_details")
    if details is None:
        # Old renderings do not say it; what is missing in the total was taken off.
        details = {"amount_discount": max((subtotal or 0) - (total or 0), 0) if total is not None else 0}
    return CheckoutState(
        id=str(session["id"]),
        status=str(session["status"] or ""),
        payment_status=str(session["payment_status"] or ""),
        mode=str(session["mode"] or ""),
        livemode=session["livemode"] is True,
        currency=str(session["currency"] or "").lower(),
        amount_subtotal=subtotal,
        amount_total=total,
        payment_intent=str((intent["id"] if expanded else intent) or ""),
        payment_intent_status=str(intent["status"]) if expanded else "",
        client_reference_id=str(session["client_reference_id"] or ""),
        metadata={str(key): str(value) for key, value in (session["metadata"] or {}).items()},
        discount_minor=int(details.get("amount_discount") or 0),
        tax_minor=int(details.get("amount_tax") or 0),
    )


def told_return(thing: Mapping[str, Any]) -> tuple[str, RefundState | DisputeState | None]:
    """The payment that a refund, dispute or charge in an event belongs to, and the refund or dispute if it can be read.

    Raises NotAPayment.
    """
    try:
        payment_intent = _id_of(thing.get("payment_intent"))
    except (KeyError, TypeError, AttributeError) as error:
        raise NotAPayment("The event holds no payment.") from error
    try:
        if thing.get("object") == "refund":
            return payment_intent, refund_state(thing)
        return payment_intent, dispute_state(thing) if thing.get("object") == "dispute" else None
    except (KeyError, TypeError, AttributeError, ValueError):
        return payment_intent, None


def told_state(session: Mapping[str, Any]) -> CheckoutState:
    """The shape of a session in an event, which may be rendered in any version: what is not there is empty.

    Raises NotASession.
    """
    fields = ("status", "payment_status", "mode", "livemode", "currency", "amount_subtotal", "amount_total")
    absent = dict.fromkeys([*fields, "payment_intent", "client_reference_id", "metadata"])
    try:
        return checkout_state({**absent, **session})
    except (KeyError, TypeError, AttributeError) as error:
        raise NotASession("The event holds no Checkout session.") from error
