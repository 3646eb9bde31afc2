"""What a package earns for this agency, and the rule that nobody sells at a loss without having seen it.

Minutes are paid for in euros. In another currency the cost is known by a dated rate that the agency enters; without
one nothing is computed and nothing asked.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import call_terms
from agencies.models import Agency
from billing import margin, own_prices, packages
from billing.margin import Margin
from billing.models import Currency, Package

OTHER_CURRENCIES = (Currency.USD, Currency.GBP)
# One euro was never worth less or more than this of either.
_LEAST_MICRO, _MOST_MICRO = margin.MICRO // 10, margin.MICRO * 10


@dataclass
class LosesMoney(ValueError):
    """The package costs more than it brings in, and nobody has confirmed that this is meant."""

    margin: Margin

    def __str__(self) -> str:
        return f"{self.margin.profit_minor}"


class RateRefused(ValueError):
    """Not a rate. The message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one euro is in another currency, in millionths, as of a day."""

    micro: int
    on: datetime.date

    @property
    def typed(self) -> str:
        """As people write it: 1.08."""
        whole, rest = divmod(self.micro, margin.MICRO)
        return f"{whole}.{rest:06d}".rstrip("0").ljust(len(str(whole)) + 3, "0")


def rate(agency: Agency, currency: str) -> Rate | None:
    """The agency's rate for a currency; None while it has entered none. A euro is a euro."""
    if currency == Currency.EUR:
        return Rate(margin.MICRO, timezone.localdate())
    kept = agency.exchange_rates.get(currency)
    return Rate(kept["micro"], datetime.date.fromisoformat(kept["on"])) if kept else None


def margin_of(
    agency: Agency, *, price_minor: int, credits: int, currency: str, cost_micro: int | None = None
) -> Margin | None:
    """What a package earns, in its own currency. None where the agency has not said what a euro is in it.

    `cost_micro` is what a minute costs, for who has looked it up already.
    """
    known = rate(agency, currency)
    if known is None:
        return None
    return margin.of(
        price_minor=price_minor,
        credits=credits,
        cost_micro_per_minute=call_terms.cost_micro_per_minute(agency.pk) if cost_micro is None else cost_micro,
        rate_micro=known.micro,
    )


def save_package(
    agency: Agency,
    *,
    accepts_loss: bool,
    package_id: UUID | None,
    credits: int,
    price_minor: int,
    currency: str,
    **fields: Any,
) -> Package:
    """Save a package in the agency's schema, once whoever sells it below cost has said that this is meant.

    Raises LosesMoney with the figures, and what packages.save raises.
    """
    with transaction.atomic():
        saved = packages.save(
            package_id=package_id, credits=credits, price_minor=price_minor, currency=currency, **fields
        )
        earned = margin_of(agency, price_minor=price_minor, credits=credits, currency=currency)
        if earned is not None and earned.loses_money and not accepts_loss:
            raise LosesMoney(earned)
    return saved


def save_own_prices(agency: Agency, *, client_id: UUID, prices: Mapping[UUID, int | None], accepts_loss: bool) -> None:
    """Let one client pay these amounts in place of the usual ones, None for the usual one again.

    Raises LosesMoney with the figures of the worst unless that is meant, and what own_prices.choose raises.
    """
    with transaction.atomic():
        chosen = own_prices.choose(client_id=client_id, prices=prices)
        sold = Package.objects.filter(pk__in=chosen)
        earned = [
            margin_of(agency, price_minor=chosen[each.pk], credits=each.credits, currency=each.currency)
            for each in sold
        ]
        losses = [each for each in earned if each is not None and each.loses_money]
        if losses and not accepts_loss:
            raise LosesMoney(min(losses, key=lambda each: each.profit_minor))


def read_rate(text: str) -> int:
    """Millionths of what was typed, "1.08" or "0,86". Raises RateRefused."""
    micro = margin.read_micro(text)
    if micro is None or not _LEAST_MICRO <= micro <= _MOST_MICRO:
        raise RateRefused(_("Type what one euro is, such as 1.08, with at most six decimals."))
    return micro


def save_rate(agency: Agency, *, currency: str, micro: int, on: datetime.date) -> None:
    """Remember what one euro was in a currency on a day. Raises RateRefused for a day that has not come."""
    if currency not in OTHER_CURRENCIES or not _LEAST_MICRO <= micro <= _MOST_MICRO:
        raise RateRefused(_("Type what one euro is in dollars or pounds."))
    if on > timezone.localdate():
        raise RateRefused(_("This day has not come yet."))
    with transaction.atomic():
        stored = Agency.objects.select_for_update(no_key=True).get(pk=agency.pk)
        stored.exchange_rates = stored.exchange_rates | {currency: {"micro": micro, "on": on.isoformat()}}
        stored.save(update_fields=["exchange_rates"])
    agency.exchange_rates = stored.exchange_rates
