"""What a package earns: its price, what its minutes cost the agency at HMS, and the difference. Integers throughout.

Pure. Rates are millionths of the currency for one minute (0.07 EUR = 70,000); the cost is rounded once, for the whole
package, and price and cost must be in the same currency.
"""

from dataclasses import dataclass

MICRO_PER_MINOR = 10_000
BASIS_POINTS = 10_000


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


def of(*, price_minor: int, credits: int, cost_micro_per_minute: int) -> Margin:
    """The margin of a package of so many credits (1 credit = 1 minute). Raises ValueError without a price."""
    if price_minor <= 0:
        raise ValueError("a package has a price")
    cost_minor = _rounded(credits * cost_micro_per_minute, MICRO_PER_MINOR)
    profit_minor = price_minor - cost_minor
    return Margin(price_minor, cost_minor, profit_minor, _rounded(profit_minor * BASIS_POINTS, price_minor))


def _rounded(amount: int, by: int) -> int:
    """The quotient as a whole number, halves upwards."""
    return (2 * amount + by) // (2 * by)
