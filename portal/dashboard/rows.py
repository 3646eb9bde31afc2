"""Lines of a dashboard as they are read: calls, purchases and movements, in the words that clients read as well."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from agencies.models import Agency
from billing.models import LedgerEntry, Purchase
from calls.models import Call
from calls.statement import Line
from clients.models import Client
from portal import wording
from portal.templatetags.figures import in_credits, minutes_seconds, signed_credits

Kind = LedgerEntry.Kind
_DOT = " · "
_TONES = {Purchase.State.PAID: "in", Purchase.State.FAILED: "wrong", Purchase.State.DISPUTED: "wrong"}
_ICONS = {Kind.ALLOCATION: "gift", Kind.WELCOME: "gift", Kind.PURCHASE: "credit-card"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `below` stands under the amount."""

    icon: str
    title: str
    meta: str
    amount: str = ""
    below: str = ""
    tone: str = ""
    href: str = ""


def of_call(call: Call, *, agency: Agency, with_client: bool) -> Row:
    """A call: with whom, when, how long, what it took."""
    client = call.organization.client
    taken = "" if call.billed_seconds is None else signed_credits(-call.billed_seconds)
    return Row(
        icon=wording.call_icon(call),
        title=wording.call_title(call),
        meta=_joined(client.name if with_client else "", wording.call_meta(call, with_day=True)),
        amount=taken or wording.call_state(call),
        below=wording.call_state(call) if taken else "",
        href=_client_url(agency, client) if with_client else "",
    )


def of_purchase(purchase: Purchase, *, agency: Agency, with_client: bool) -> Row:
    """A purchase: who, what, when, for how much, and how it stands."""
    when = wording.moment(purchase.paid_at or purchase.created_at)
    return Row(
        icon="credit-card",
        title=purchase.client.name if with_client else purchase.package_name,
        meta=_joined(purchase.package_name if with_client else "", when, purchase.problem),
        amount=wording.price_paid(purchase),
        below=purchase.get_state_display(),
        tone=tone(purchase),
        href=reverse("dashboard:purchase", args=[agency.slug, purchase.pk]),
    )


def tone(purchase: Purchase) -> str:
    """The tone of the purchase's state."""
    return _TONES.get(Purchase.State(purchase.state), "")


def of_movement(line: Line) -> Row:
    """A movement of a client's balance, with the balance after it."""
    entry = line.entry
    icon, title, details = _explained(line)
    return Row(
        icon=icon,
        title=title,
        meta=_joined(wording.moment(entry.event_at), *details, "" if entry.livemode else _("test")),
        amount=signed_credits(entry.amount),
        below=in_credits(entry.balance_after),
        tone="in" if entry.amount > 0 else "",
    )


def _explained(line: Line) -> tuple[str, str, list[str]]:
    entry, kind = line.entry, Kind(line.entry.kind)
    if line.call is not None:
        title = wording.call_title(line.call)
        if kind is Kind.USAGE:
            return wording.call_icon(line.call), title, [minutes_seconds(line.call.measured_seconds)]
        return "adjustments", _("Correction: %(call)s") % {"call": title}, []
    if line.purchase is not None:
        bought = line.purchase
        return "credit-card", wording.credits_bought(bought), [wording.price_paid(bought)]
    who = entry.actor.get("email", "") if kind is Kind.ALLOCATION else ""
    return _ICONS.get(kind, "arrow-back-up"), str(kind.label), [f"“{entry.reason}”" if entry.reason else "", who]


def _client_url(agency: Agency, client: Client) -> str:
    return reverse("dashboard:client", args=[agency.slug, client.pk])


def _joined(*parts: str) -> str:
    return _DOT.join(part for part in parts if part)
