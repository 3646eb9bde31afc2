"""What one client brought in and cost, month by month: the realised margin beside the calculated one.

Whole minor units and seconds, read from purchases and calls alone. In the agency's schema.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import BigIntegerField, F, Sum
from django.db.models.functions import Cast, Coalesce, TruncMonth
from django.utils import timezone

from agencies import pricing
from agencies.models import Agency
from billing.margin import MICRO, MICRO_PER_MINOR
from billing.models import Dispute, Purchase, Refund
from calls.models import Call

MONTHS = 6
_EURO = "eur"
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Month:
    """`income_minor` by currency: what was paid without taxes, less what went back in that month. `cost_minor` is what
    the calls cost at HMS, in euro cents, rounded up once. `profit_minor` and `permille` are of the one currency that
    there is an income in; None without one, with several, or without its rate. `permille` needs an income above 0."""

    first: date
    income_minor: dict[str, int]
    seconds: int
    cost_minor: int
    currency: str
    profit_minor: int | None

    @property
    def permille(self) -> int | None:
        income = self.income_minor.get(self.currency, 0)
        return None if self.profit_minor is None or income <= 0 else self.profit_minor * 1000 // income


def months(agency: Agency, client_id: UUID, *, livemode: bool) -> list[Month]:
    """The latest months in which something happened, the newest first. Four queries."""
    income, used = _income(client_id, livemode=livemode), _used(client_id)
    latest = sorted({*income, *used}, reverse=True)[:MONTHS]
    return [_month(agency, first, income.get(first, {}), *used.get(first, (0, 0))) for first in latest]


def _month(agency: Agency, first: date, income: dict[str, int], seconds: int, micro_seconds: int) -> Month:
    currency = next(iter(income), _EURO)
    rate = pricing.rate(agency, currency) if len(income) < 2 else None
    cost_minor = -(-micro_seconds // (_SECONDS_PER_MINUTE * MICRO_PER_MINOR))
    profit = None
    if rate is not None:
        scale = _SECONDS_PER_MINUTE * MICRO_PER_MINOR * MICRO
        profit = income.get(currency, 0) - -(-micro_seconds * rate.micro // scale)
    return Month(first, dict(income), seconds, cost_minor, currency, profit)


def _income(client_id: UUID, *, livemode: bool) -> dict[date, dict[str, int]]:
    sums: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    bought = Purchase.objects.filter(client_id=client_id, livemode=livemode, paid_at__isnull=False)
    came_in = Coalesce(F("paid_minor"), F("price_minor")) - F("tax_minor")
    by_month = bought.annotate(month=TruncMonth("paid_at")).order_by().values("month", "currency")
    for row in by_month.annotate(minor=Sum(came_in)):
        sums[timezone.localdate(row["month"])][row["currency"]] += row["minor"]
    mine = {"purchase__client_id": client_id, "purchase__livemode": livemode}
    for gone in (Refund.objects.filter(**mine), Dispute.objects.filter(**mine)):
        for each in gone.select_related("purchase"):
            if each.returned_minor:
                sums[timezone.localdate(each.created_at).replace(day=1)][each.purchase.currency] -= each.returned_minor
    return sums


def _used(client_id: UUID) -> dict[date, tuple[int, int]]:
    """Seconds that HMS measured, and seconds times millionths of a euro for a minute."""
    made = Call.objects.filter(organization__client_id=client_id).annotate(month=TruncMonth("placed_at"))
    cost = Sum(F("measured_seconds") * Cast(F("cost_micro_per_minute"), BigIntegerField()), default=0)
    rows = made.order_by().values("month").annotate(seconds=Sum("measured_seconds", default=0), cost=cost)
    return {timezone.localdate(row["month"]): (int(row["seconds"]), int(row["cost"])) for row in rows}
