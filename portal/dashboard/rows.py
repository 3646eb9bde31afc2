"""Lines of a dashboard as they are read: calls, purchases and movements, in the words that clients read as well."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from agencies.allocation import UNDOABLE
from agencies.models import Agency
from billing.models import LedgerEntry, Purchase
from calls.models import Call
from calls.statement import Line
from portal import wording
from portal.templatetags.figures import in_credits, money, signed_credits

_DOT = " · "
_TONES = {Purchase.State.PAID: "in", Purchase.State.FAILED: "wrong", Purchase.State.DISPUTED: "wrong"}


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
    # Of an entry that can be undone, and what will happen then.
    version: int = 0
    question: str = ""


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
        href=reverse("dashboard:call", args=[agency.slug, call.pk]),
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


def of_sums(minor: Mapping[str, int]) -> list[str]:
    """Sums of money by currency, one text each."""
    return [money(amount, currency) for currency, amount in sorted(minor.items())]


def tone(purchase: Purchase) -> str:
    """The tone of the purchase's state."""
    return _TONES.get(Purchase.State(purchase.state), "")


def of_movement(line: Line, *, agency: Agency, undone: Collection[int]) -> Row:
    """A movement of a client's balance in the words of the client's statement, with the balance after it.

    `undone` are the versions of the entries on this page that are undone already.
    """
    entry = line.entry
    icon, title, details = wording.explained(line, agency_name=agency.branding.company_name, for_team=True)
    is_undone = entry.version in undone
    return Row(
        icon=icon,
        title=title,
        meta=_joined(wording.moment(entry.event_at), *details, _("undone") if is_undone else ""),
        amount=signed_credits(entry.amount),
        below=in_credits(entry.balance_after),
        tone="in" if entry.amount > 0 else "",
        version=entry.version if entry.kind in UNDOABLE and not is_undone else 0,
        question=_will_be_undone(entry),
    )


def _will_be_undone(entry: LedgerEntry) -> str:
    words = (
        _("This takes %(credits)s credits back. The line stays, and your client sees a second one that undoes it.")
        if entry.amount > 0
        else _("This gives %(credits)s credits back. The line stays, and your client sees a second one that undoes it.")
    )
    return words % {"credits": in_credits(abs(entry.amount))}


def _joined(*parts: str) -> str:
    return _DOT.join(part for part in parts if part)
