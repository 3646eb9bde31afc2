"""What people read about money that went back: refunds, disputes, a balance below zero, and why calls do not start."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import debts, disputes, refunds, returns
from billing.models import Dispute, LedgerEntry, Purchase, Refund, Wallet
from billing.stripe_shapes import StripeMissing, StripeRefused
from calls.obstacles import Obstacle
from clients import limits
from portal import wording
from portal.templatetags.figures import in_credits, money

Returned = TypeVar("Returned", Refund, Dispute)
Kind = LedgerEntry.Kind
State = Refund.State
_DOT = " · "
_LOST = (State.CANCELED, State.FAILED, State.REFUSED)
_DISPUTES = {
    "warning_needs_response": gettext_lazy("The bank asks about it"),
    "warning_under_review": gettext_lazy("The bank asks about it"),
    "warning_closed": gettext_lazy("The bank's question is settled"),
    "needs_response": gettext_lazy("Open: Stripe waits for your answer"),
    "under_review": gettext_lazy("Open: the bank decides"),
    "prevented": gettext_lazy("Prevented"),
    "won": gettext_lazy("Won"),
    "lost": gettext_lazy("Lost"),
}
_REASONS = {
    "fraudulent": gettext_lazy("the buyer says it was not them"),
    "duplicate": gettext_lazy("the buyer says it was charged twice"),
    "product_not_received": gettext_lazy("the buyer says nothing was delivered"),
    "product_unacceptable": gettext_lazy("the buyer is not content"),
    "subscription_canceled": gettext_lazy("the buyer says it was cancelled"),
    "credit_not_processed": gettext_lazy("the buyer waits for a refund"),
    "unrecognized": gettext_lazy("the buyer does not recognise it"),
    "debit_not_authorized": gettext_lazy("the buyer did not allow the bank debit"),
    "incorrect_account_details": gettext_lazy("the bank details were wrong"),
    "insufficient_funds": gettext_lazy("the buyer's bank had not enough money"),
}
_REFUSED_BY_STRIPE = {
    "charge_disputed": gettext_lazy(
        "This payment is disputed: the bank decides, and Stripe refunds nothing meanwhile."
    ),
    "charge_already_refunded": gettext_lazy("Stripe has given all of it back already. Look at the payment there."),
    "balance_insufficient": gettext_lazy("Your balance at Stripe is too low. Add money there, then send this again."),
}
_UNDECIDED = gettext_lazy("Asked for, Stripe has not answered yet")
_CAUSES = {
    Kind.USAGE: gettext_lazy("A call went over what was left."),
    Kind.USAGE_CORRECTION: gettext_lazy("A call turned out longer than it was counted before."),
    Kind.REFUND: gettext_lazy("A payment was given back after its credits had been used."),
    Kind.DISPUTE: gettext_lazy("A bank took a payment back after its credits had been used."),
}

_LIMITS = {
    Obstacle.DAY: (
        gettext_lazy("That is all for today"),
        gettext_lazy("What you can use in a day is used up, and calls start again tomorrow. Your credits stay yours."),
    ),
    Obstacle.TEST: (
        gettext_lazy("Calls are not switched on yet"),
        gettext_lazy("Payments are in test mode, and real calls on test credits are switched off or used up."),
    ),
    Obstacle.AT_ONCE: (
        gettext_lazy("All lines are in use"),
        gettext_lazy("As many calls run as can run at once. Try again when one of them has ended."),
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One refund or dispute as it is read. `tone` is a tone of a list's row."""

    icon: str
    title: str
    meta: str
    amount: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why calls do not start, and what to do."""

    title: str
    text: str


def for_client(purchase: Purchase) -> list[Line]:
    """What became of a payment, for whoever paid it: what was given back, and what that took off the balance."""
    given = [each for each in purchase.refunds.all() if each.state not in (*_LOST, State.ASKED)]
    disputed = [each for each in purchase.disputes.all() if not each.status.startswith("warning")]
    return [*map(_refund_for_client, _by_time(given)), *map(_dispute_for_client, _by_time(disputed))]


def refund_for_team(refund: Refund) -> Line:
    """A refund with its state, who asked for it and why."""
    by = str(refund.asked_by.get("email", "")) or _("made at Stripe")
    reason = f"“{refund.reason}”" if refund.reason else ""
    return Line(
        icon="arrow-back-up",
        title=str(_UNDECIDED if refund.state == State.ASKED else State(refund.state).label),
        meta=_joined(wording.moment(refund.created_at), _taken(refund.seconds), by, reason),
        amount=money(refund.amount_minor, refund.currency),
        tone="wrong" if refund.state in _LOST else "warn" if refund.state == State.ASKED else "",
    )


def dispute_for_team(dispute: Dispute) -> Line:
    """A dispute with how it stands, what the buyer says, and who let calls start again in spite of it."""
    said, lifted = str(_REASONS.get(dispute.reason, dispute.reason)), ""
    if dispute.lifted_at is not None:
        lifted = _("calls allowed again by %(who)s") % {"who": dispute.lifted_by.get("email", "")}
    return Line(
        icon="building-bank",
        title=dispute_state(dispute.status),
        meta=_joined(wording.moment(dispute.created_at), _taken(dispute.seconds), said, lifted),
        amount=money(dispute.amount_minor, dispute.currency),
        tone="wrong" if stands_against(dispute) else "",
    )


def dispute_state(status: str) -> str:
    """How a dispute stands; a word of Stripe's that we do not know as it is."""
    return str(_DISPUTES.get(status) or status.replace("_", " ").capitalize())


def stands_against(dispute: Dispute) -> bool:
    """Whether the dispute is open, lost, or has the money."""
    return dispute.status not in returns.HARMLESS or dispute.returned_minor > 0


def why_for_client(why: Obstacle, wallet: Wallet, *, agency_name: str) -> Why:
    """Why the next call would not start, for whoever wants to call."""
    if why is Obstacle.DISPUTE:
        words = _("Calls do not start until that is settled. What is on your balance stays. Please talk to %(name)s.")
        is_open = disputes.stopping(wallet.client_id).exclude(status="lost").exists()
        title = _("Your bank disputes a payment") if is_open else _("Your bank has taken a payment back")
        return Why(title, words % {"name": agency_name})
    if why is Obstacle.DEBT:
        words = _("%(cause)s What you buy next covers that first. To call again, buy more than %(credits)s credits.")
        told = {"cause": cause_of_debt(wallet), "credits": in_credits(-wallet.balance)}
        return Why(_("Your balance is below zero"), words % told)
    if why in _LIMITS:
        return Why(str(_LIMITS[why][0]), str(_LIMITS[why][1]))
    words = _("You have %(credits)s credits free. A call needs at least %(least)s credits to start.")
    least = in_credits(limits.of(wallet.client_id).least_seconds)
    return Why(_("You need credits for a call"), words % {"credits": in_credits(wallet.available), "least": least})


def why_for_team(why: Obstacle, wallet: Wallet) -> Why:
    """Why a client's next call would not start, for the agency."""
    if why is Obstacle.DISPUTE:
        words = _(
            "A payment of this client is disputed, so nothing new starts, outgoing or incoming. Open the purchase to"
            " see how the dispute stands, and to let calls start again."
        )
        return Why(_("Calls of this client do not start"), words)
    if why is Obstacle.DAY:
        words = _("What it may use in a day is used up. Calls start again tomorrow; the limit is under Limits.")
        return Why(_("Calls of this client do not start today"), words)
    if why is Obstacle.TEST:
        words = _("Stripe is in test mode. Under Payments you say how many minutes of real calls test credits may use.")
        return Why(_("Calls of this client do not start"), words)
    words = _(
        "%(cause)s The balance is below zero, so nothing new starts, outgoing or incoming, until more than %(credits)s"
        " credits are bought or given."
    )
    told = {"cause": cause_of_debt(wallet), "credits": in_credits(-wallet.balance)}
    return Why(_("Calls of this client do not start"), words % told)


def why_paused(why: str) -> str:
    """Why a campaign was paused by the portal and when it goes on; "" for "": it was not."""
    if not why:
        return ""
    known = {
        Obstacle.DEBT: _("Paused because credits ran out. It goes on when there are credits again."),
        Obstacle.CREDITS: _("Paused because credits ran out. It goes on when there are credits again."),
        Obstacle.DISPUTE: _("Paused because a payment is disputed. It goes on when calls may start again."),
        Obstacle.DAY: _("Paused because the day is used up. It goes on tomorrow."),
        Obstacle.TEST: _("Paused because test credits may make no more calls. It goes on when they may."),
    }
    return known.get(Obstacle(why)) or "" if why in list(Obstacle) else _("Paused while the client is suspended.")


def refund_refused(refused: Exception, purchase: Purchase) -> str:
    """Why a refund was not made, in a sentence that says what can be done."""
    if isinstance(refused, refunds.MoreThanIsLeft):
        left = money(refused.args[0], purchase.currency)
        return _("%(left)s can be given back. Type an amount up to that.") % {"left": left}
    if isinstance(refused, refunds.FormTokenUsed):
        return _("This form was sent before with another amount. Look at the purchase, then send it again.")
    if isinstance(refused, StripeMissing):
        return _(
            "Stripe does not find this payment with your key. It was made with another account, or in another mode."
        )
    if isinstance(refused, StripeRefused):
        return str(_REFUSED_BY_STRIPE.get(refused.code) or refused.sentence)
    return _("There is no key of Stripe here. Save one under Payments first.")


def cause_of_debt(wallet: Wallet) -> str:
    """What took the balance below zero, in a sentence."""
    entry = debts.cause(wallet)
    known = _CAUSES.get(Kind(entry.kind)) if entry is not None else None
    return str(known or _("More was taken off the balance than was left."))


def _refund_for_client(refund: Refund) -> Line:
    on_its_way = refund.state in (State.PENDING, State.REQUIRES_ACTION)
    title = _("Part of it is on its way back to you") if on_its_way else _("Part of it was given back")
    if refund.amount_minor >= returns.paid_minor(refund.purchase):
        title = _("It is on its way back to you") if on_its_way else _("It was given back")
    return Line(
        icon="arrow-back-up",
        title=title,
        meta=_joined(wording.moment(refund.created_at), _taken(refund.seconds)),
        amount=money(refund.amount_minor, refund.currency),
    )


def _dispute_for_client(dispute: Dispute) -> Line:
    if not stands_against(dispute):
        title = _("Your bank's dispute is settled")
    elif dispute.status == "lost":
        title = _("Your bank has taken it back")
    else:
        title = _("Your bank disputes it")
    return Line(
        icon="building-bank",
        title=title,
        meta=_joined(wording.moment(dispute.created_at), _taken(dispute.seconds)),
        amount=money(dispute.amount_minor, dispute.currency),
        tone="wrong" if stands_against(dispute) else "",
    )


def _taken(seconds: int) -> str:
    return _("%(credits)s credits taken back") % {"credits": in_credits(seconds)} if seconds else ""


def _by_time(rows: Iterable[Returned]) -> list[Returned]:
    return sorted(rows, key=lambda row: row.created_at)


def _joined(*parts: str) -> str:
    return _DOT.join(part for part in parts if part)
