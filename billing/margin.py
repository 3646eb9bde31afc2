"""What a package earns: its price, what its minutes cost the agency at HMS, and the difference. Integers throughout.

Pure. Costs are millionths of a euro for one minute (0.07 EUR = 70,000), exchange rates millionths of the other currency
for one euro (1.08 USD = 1,080,000). The cost is rounded once, for the whole package, in the package's currency.
"""

import re
from dataclasses import dataclass

MICRO_PER_MINOR = 10_000
MICRO = 1_000_000
BASIS_POINTS = 10_000
_TYPED = re.compile(r"(\d{1,2})(?:[.,](\d{1,6}))?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Margin:
    """Minor units of one currency. `basis_points` is profit by price: 8,250 are 82.5 %."""

    price_minor: int
    cost_minor: int
    profit_minor: int
    basis_points: int

    @property
    def loses_money(self) -> bool:
        return self.profit_minor < 0


def of(*, price_minor: int, credits: int, cost_micro_per_minute: int, rate_micro: int = MICRO) -> Margin:
    """The margin of a package of so many credits (1 credit = 1 minute), in the currency that one euro is `rate_micro`
    of. Raises ValueError without a price.
    """
    if price_minor <= 0:
        raise ValueError("a package has a price")
    cost_minor = _rounded(credits * cost_micro_per_minute * rate_micro, MICRO_PER_MINOR * MICRO)
    profit_minor = price_minor - cost_minor
    return Margin(price_minor, cost_minor, profit_minor, _rounded(profit_minor * BASIS_POINTS, price_minor))


@dataclass(frozen=True, slots=True)
class Supposed:
    """Minor units: what of one sale is tax and Stripe's fee, what is left after both and the minutes, and that for a
    month of sales."""

    tax_minor: int
    fee_minor: int
    left_minor: int
    month_minor: int


def suppose(earned: Margin, *, tax_basis_points: int, fee_basis_points: int, fee_minor: int, sold: int) -> Supposed:
    """What is left if the price includes so much tax, Stripe takes this share of it and this amount, and so many are
    sold in a month. 150 basis points are 1.5 %.
    """
    price = earned.price_minor
    tax = price - _rounded(price * BASIS_POINTS, BASIS_POINTS + tax_basis_points)
    fee = _rounded(price * fee_basis_points, BASIS_POINTS) + fee_minor
    left = earned.profit_minor - tax - fee
    return Supposed(tax, fee, left, left * sold)


def read_micro(text: str) -> int | None:
    """Millionths of a number with at most six decimals, "1.08" or "0,86"; None for anything else."""
    match = _TYPED.match(text.strip())
    return int(match[1]) * MICRO + int((match[2] or "").ljust(6, "0")) if match else None


def _rounded(amount: int, by: int) -> int:
    """The quotient as a whole number, halves upwards."""
    return (2 * amount + by) // (2 * by)
