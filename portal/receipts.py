"""A receipt as it is read: the same lines on the page, on paper and in the mail."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from billing import receipts
from billing.credits import SECONDS_PER_CREDIT
from billing.models import Purchase
from portal import wording
from portal.templatetags.figures import MINUS, in_credits, money


@dataclass(frozen=True, slots=True)
class Line:
    """What is said, and its figure."""

    label: str
    value: str


def lines(bought: Purchase) -> list[Line]:
    """What was bought and what it cost, down to what was paid."""
    return [
        Line(_("Package"), bought.package_name),
        *_credits(bought),
        Line(_("Price"), money(bought.price_minor, bought.currency)),
        *_changes(bought),
        *_outcome(bought),
    ]


def paper_lines(bought: Purchase) -> list[Line]:
    """The same, with what a receipt needs away from the page: the balance, and the number at the end."""
    after = receipts.balance_after(bought)
    balance = [] if after is None else [Line(_("Balance after it"), _("%(n)s credits") % {"n": in_credits(after)})]
    return [*lines(bought), *balance, Line(_("Purchase number"), str(bought.pk))]


def _credits(bought: Purchase) -> list[Line]:
    if not bought.seconds:
        return []
    number = number_format(bought.seconds // SECONDS_PER_CREDIT, 0, force_grouping=True)
    lasting = wording.lifetime(bought.lifetime_days) if bought.lifetime_days else ""
    return [Line(_("Credits"), f"{number} · {lasting}" if lasting else number)]


def _changes(bought: Purchase) -> list[Line]:
    found = []
    if bought.discount_minor:
        found.append(Line(_("Discount"), f"{MINUS}{money(bought.discount_minor, bought.currency)}"))
    if bought.tax_minor:
        is_in_it = bought.paid_minor == bought.price_minor - bought.discount_minor
        label = _("Tax, in the price") if is_in_it else _("Tax")
        found.append(Line(label, money(bought.tax_minor, bought.currency)))
    return found


def _outcome(bought: Purchase) -> list[Line]:
    mode = [] if bought.livemode else [Line(_("Mode"), _("Test, no money moved"))]
    if bought.paid_at is None:
        return [Line(_("Started"), wording.moment(bought.created_at)), *mode]
    return [Line(_("Paid"), wording.price_paid(bought)), Line(_("Date"), full_moment(bought.paid_at)), *mode]


def full_moment(at: datetime) -> str:
    """`25 Nov 2026, 14:02`: for what is read on another day."""
    return date_format(timezone.localtime(at), "j M Y, H:i")
