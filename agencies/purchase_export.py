"""Purchases as rows of CSV: figures for machines, and nothing a spreadsheet would run. Pure.

Every field is quoted; a text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
from collections.abc import Iterable

from billing.models import Purchase
from calls.export import harmless, in_credits

COLUMNS = (
    "started_at",
    "paid_at",
    "client",
    "email",
    "package",
    "credits",
    "price",
    "discount",
    "tax",
    "paid",
    "refunded",
    "disputed",
    "currency",
    "state",
    "mode",
    "reference",
    "stripe_payment",
)


def header() -> str:
    """The first row."""
    return _row(COLUMNS)


def row(purchase: Purchase) -> str:
    """One purchase: times in ISO 8601 and UTC, money and credits with a dot."""
    paid_minor = purchase.price_minor if purchase.paid_minor is None else purchase.paid_minor
    refunded = sum(each.returned_minor for each in purchase.refunds.all() if each.currency == purchase.currency)
    disputed = sum(each.returned_minor for each in purchase.disputes.all() if each.currency == purchase.currency)
    return _row(
        [
            purchase.created_at.isoformat(timespec="seconds"),
            purchase.paid_at.isoformat(timespec="seconds") if purchase.paid_at else "",
            harmless(purchase.client.name),
            harmless(purchase.client.email),
            harmless(purchase.package_name),
            in_credits(purchase.seconds),
            _hundredths(purchase.price_minor),
            _hundredths(purchase.discount_minor),
            _hundredths(purchase.tax_minor),
            _hundredths(paid_minor) if purchase.paid_at else "",
            _hundredths(refunded),
            _hundredths(disputed),
            purchase.currency.upper(),
            purchase.state,
            "live" if purchase.livemode else "test",
            str(purchase.pk),
            harmless(purchase.stripe_payment_intent_id),
        ]
    )


def _hundredths(minor: int) -> str:
    """Every currency that is sold in has hundredths."""
    return f"{minor // 100}.{minor % 100:02d}"


def _row(fields: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(fields)
    return text.getvalue()
