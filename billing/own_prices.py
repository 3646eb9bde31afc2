"""What one client pays for a package instead of its usual price: a fixed amount in the package's currency.

An amount and not a percentage, so nothing is rounded and the agency reads what the client will read. It is asked for
when a purchase starts and copied into it: whoever has the payment page open pays what they saw. In the agency's schema.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Currency, Package
from billing.packages import LEAST_MINOR, MOST_MINOR, written
from clients.models import Client


class OwnPricesRefused(ValueError):
    """Prices that nobody can pay. `errors` holds a sentence for each package, by its id."""

    def __init__(self, errors: dict[UUID, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


class PriceChanged(ValueError):
    """The client was shown another price than the one that holds now. Nothing was started."""


def price_of(client: Client, package: Package) -> int:
    """What this client pays for this package now, in minor units of the package's currency."""
    return of(client.prices, [package]).get(package.pk, package.price_minor)


def of(kept: Mapping[str, Mapping[str, object]], packages: Iterable[Package]) -> dict[UUID, int]:
    """The prices of a client's own among these packages, as its row has them.

    One in another currency than the package has by now does not hold: nobody agreed to that amount.
    """
    found = {package.pk: (kept.get(str(package.pk)), package.currency) for package in packages}
    return {
        pk: int(str(own["price_minor"])) for pk, (own, currency) in found.items() if own and own["currency"] == currency
    }


def agreed(client: Client, package: Package, *, seen_minor: int | None) -> int:
    """The price that a purchase copies. Raises PriceChanged when the client was shown another one (None: unknown)."""
    price_minor = price_of(client, package)
    if seen_minor is not None and seen_minor != price_minor:
        raise PriceChanged(package.pk)
    return price_minor


def choose(*, client_id: UUID, prices: Mapping[UUID, int | None]) -> dict[UUID, int]:
    """Let the client pay these amounts from the next purchase on; None is the usual price again. Packages that are not
    named stay as they are. Returns what is the client's own among those that are named.

    Raises OwnPricesRefused, Client.DoesNotExist, and Package.DoesNotExist.
    """
    with transaction.atomic():
        client = Client.objects.select_for_update(no_key=True).get(pk=client_id)
        packages = {package.pk: package for package in Package.objects.filter(pk__in=prices)}
        if unknown := set(prices) - set(packages):
            raise Package.DoesNotExist(unknown)
        wanted = {pk: minor for pk, minor in prices.items() if minor not in (None, packages[pk].price_minor)}
        errors = {pk: said for pk, minor in wanted.items() if (said := _refusal(packages[pk], minor or 0))}
        if errors:
            raise OwnPricesRefused(errors)
        others = {key: own for key, own in client.prices.items() if key not in set(map(str, prices))}
        chosen = {str(pk): {"price_minor": minor, "currency": packages[pk].currency} for pk, minor in wanted.items()}
        client.prices = others | chosen
        client.save(update_fields=["prices"])
        return of(client.prices, packages.values())


def _refusal(package: Package, price_minor: int) -> str:
    least = LEAST_MINOR[Currency(package.currency)]
    if least <= price_minor <= MOST_MINOR:
        return ""
    return _("The price must be between %(least)s and %(most)s.") % {
        "least": written(least, package.currency),
        "most": written(MOST_MINOR, package.currency),
    }
