"""What an agency earned, day by day: money that came in and went back, what calls cost at HMS, and how many there were.

Whole minor units and seconds, read from purchases and calls alone. A day is one of the current time zone. In the
agency's schema; a fixed number of queries, whatever the number of clients.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import BigIntegerField, Count, F, Sum
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils import timezone

from agencies.models import Agency
from billing.margin import MICRO, MICRO_PER_MINOR
from billing.models import Dispute, Purchase, Refund
from calls.models import Call

DAYS = 30
_SECONDS_PER_MINUTE = 60
_EURO = "eur"


@dataclass(frozen=True, slots=True)
class Day:
    """`income_minor` is what was paid without taxes, less what went back on that day; below zero when more went back.
    `cost_micro_seconds` are seconds times millionths of a euro for a minute: rounded when they are summed up."""

    on: date
    income_minor: int = 0
    purchases: int = 0
    calls: int = 0
    cost_micro_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Total:
    """Several days together. `cost_minor` is in the same currency as the income; it and `profit_minor` are None without
    a rate for that currency. `permille` is profit by income, None without income."""

    income_minor: int
    purchases: int
    calls: int
    cost_minor: int | None

    @property
    def profit_minor(self) -> int | None:
        return None if self.cost_minor is None else self.income_minor - self.cost_minor

    @property
    def permille(self) -> int | None:
        if self.profit_minor is None or self.income_minor <= 0:
            return None
        return self.profit_minor * 1000 // self.income_minor


@dataclass(frozen=True, slots=True)
class Earnings:
    """The last 30 days, the first one first; their sum, today's, and that of the 30 days before. `others` is what came
    in in other currencies in the last 30 days, which no sum holds."""

    currency: str
    days: list[Day]
    today: Total
    latest: Total
    before: Total
    others: dict[str, int]

    @property
    def trend_permille(self) -> int | None:
        """By how much more came in than in the days before; None where nothing did."""
        before = self.before.income_minor
        return (self.latest.income_minor - before) * 1000 // before if before > 0 else None


def look(agency: Agency, *, livemode: bool, now: datetime | None = None) -> Earnings:
    """The earnings up to now. `livemode`: real money, or test payments; the two are never added up."""
    today = timezone.localdate(now or timezone.now())
    first = today - timedelta(days=2 * DAYS - 1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    money, counted = _money(since, livemode=livemode)
    used = _used(since)
    middle = today - timedelta(days=DAYS - 1)
    currency = _main(money, middle)
    all_days = [
        Day(on, money[currency, on], counted[currency, on], *used.get(on, (0, 0)))
        for on in (first + timedelta(days=number) for number in range(2 * DAYS))
    ]
    others: dict[str, int] = defaultdict(int)
    for (other, on), amount in money.items():
        if other != currency and on >= middle:
            others[other] += amount
    rate = _rate(agency, currency)
    before, latest = all_days[:DAYS], all_days[DAYS:]
    return Earnings(
        currency, latest, _sum(latest[-1:], rate), _sum(latest, rate), _sum(before, rate), dict(sorted(others.items()))
    )


def _money(since: datetime, *, livemode: bool) -> tuple[dict[tuple[str, date], int], dict[tuple[str, date], int]]:
    """What came in less what went back, and how many purchases, each by currency and day. Three queries."""
    money: dict[tuple[str, date], int] = defaultdict(int)
    counted: dict[tuple[str, date], int] = defaultdict(int)
    paid = Purchase.objects.filter(livemode=livemode, paid_at__gte=since).annotate(on=TruncDate("paid_at"))
    came_in = Coalesce(F("paid_minor"), F("price_minor")) - F("tax_minor")
    for row in paid.order_by().values("currency", "on").annotate(amount=Sum(came_in), number=Count("pk")):
        money[row["currency"], row["on"]] += row["amount"]
        counted[row["currency"], row["on"]] += row["number"]
    mine = {"purchase__livemode": livemode, "created_at__gte": since}
    for gone in (Refund.objects.filter(**mine), Dispute.objects.filter(**mine)):
        for returned in gone.select_related("purchase"):
            money[returned.purchase.currency, timezone.localdate(returned.created_at)] -= returned.returned_minor
    return money, counted


def _used(since: datetime) -> dict[date, tuple[int, int]]:
    """How many calls were made on each day, and what they cost at HMS. One query."""
    made = Call.objects.filter(placed_at__gte=since).annotate(on=TruncDate("placed_at"))
    cost = Sum(F("measured_seconds") * Cast(F("cost_micro_per_minute"), BigIntegerField()), default=0)
    rows = made.order_by().values("on").annotate(calls=Count("pk"), cost=cost)
    return {row["on"]: (row["calls"], int(row["cost"])) for row in rows}


def _main(money: dict[tuple[str, date], int], since: date) -> str:
    """The currency in which most came in lately; euros while nothing has."""
    sums: dict[str, int] = defaultdict(int)
    for (currency, on), amount in money.items():
        sums[currency] += amount if on >= since else 0
    return max(sums, key=lambda currency: (sums[currency], currency == _EURO), default=_EURO)


def _rate(agency: Agency, currency: str) -> int | None:
    """What one euro is in that currency, in millionths; None while the agency has not said."""
    if currency == _EURO:
        return MICRO
    known = agency.exchange_rates.get(currency)
    return int(known["micro"]) if known else None


def _sum(days: list[Day], rate: int | None) -> Total:
    """The days as one; the cost is rounded once, upwards."""
    micro = sum(day.cost_micro_seconds for day in days)
    cost = None if rate is None else -(-micro * rate // (_SECONDS_PER_MINUTE * MICRO_PER_MINOR * MICRO))
    income, bought = sum(day.income_minor for day in days), sum(day.purchases for day in days)
    return Total(income, bought, sum(day.calls for day in days), cost)
