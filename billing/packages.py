"""Packages: what an agency sells. One is on sale only when Stripe has confirmed its price, to the cent and currency.

Every refusal names the field that is wrong. Editing a package never touches purchases, which keep their own copy.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import stripe_gateway
from billing.models import Currency, Package
from billing.stripe_shapes import PriceState, StripeMissing, StripeRefused
from vault import key_shapes

MOST_CREDITS = 1_000_000
MOST_DAYS = 3650
# Stripe charges neither less nor more than this, in minor units.
LEAST_MINOR = {Currency.EUR: 50, Currency.USD: 50, Currency.GBP: 30}
MOST_MINOR = 99_999_999
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class NotOnSale(LookupError):
    """There is no such package on sale."""


class PackageRefused(ValueError):
    """What was entered is no package. `errors` holds a sentence for each wrong field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@dataclass
class PriceDoesNotFit(ValueError):
    """The price or product at Stripe is not the package's. `field` is the field that is wrong."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


def save(
    *,
    package_id: UUID | None = None,
    name: str,
    description: str = "",
    credits: int,
    lifetime_days: int | None = None,
    price_minor: int,
    currency: str,
    is_active: bool = True,
    is_hidden: bool = False,
    is_recommended: bool = False,
    stripe_product_id: str = "",
    stripe_price_id: str = "",
) -> Package:
    """Add a package behind the others, or change the one with this id. It is not on sale until `prove_price` agrees.

    `credits` is 0 for what is sold without credits. `lifetime_days` is after how many days what is left of them
    expires, None for never. Raises PackageRefused, or Package.DoesNotExist. A price at Stripe never changes its amount,
    so a new amount or currency with the old price id means a new price: the id is dropped and proving makes another.
    """
    name, description = name.strip(), description.strip()
    product_id, price_id = key_shapes.cleaned(stripe_product_id), key_shapes.cleaned(stripe_price_id)
    errors = _errors(name, credits, price_minor, currency, product_id, price_id)
    errors |= _more_errors(description, credits, lifetime_days)
    if errors:
        raise PackageRefused(errors)
    with transaction.atomic():
        package = _last() if package_id is None else Package.objects.select_for_update().get(pk=package_id)
        amount_changed = (package.price_minor, package.currency) != (price_minor, currency)
        if package_id is not None and amount_changed and price_id == package.stripe_price_id:
            price_id = ""
        if amount_changed or (package.stripe_product_id, package.stripe_price_id) != (product_id, price_id):
            package.price_proved_at = None
        package.name, package.description = name, description
        package.credits, package.lifetime_days = credits, lifetime_days
        package.price_minor, package.currency = price_minor, currency
        package.is_active, package.is_hidden, package.is_recommended = is_active, is_hidden, is_recommended
        package.stripe_product_id, package.stripe_price_id = product_id, price_id
        package.save()
    return package


def move(*, package_id: UUID, up: bool) -> None:
    """Let a package change places with the one before it, or behind it. Nothing at either end.

    Raises Package.DoesNotExist.
    """
    with transaction.atomic():
        order = list(Package.objects.select_for_update())
        place = next((place for place, package in enumerate(order) if package.pk == package_id), None)
        if place is None:
            raise Package.DoesNotExist(package_id)
        other = place - 1 if up else place + 1
        if 0 <= other < len(order):
            order[place], order[other] = order[other], order[place]
        for position, package in enumerate(order):
            package.position = position
        Package.objects.bulk_update(order, ["position"])


def _last() -> Package:
    """A new package behind all others."""
    highest = Package.objects.aggregate(highest=Max("position"))["highest"]
    return Package(position=0 if highest is None else highest + 1)


def prove_price(*, package_id: UUID, secret_key: str) -> Package:
    """Compare the package's price with Stripe's, or have product and price made where their ids are empty.

    Raises PriceDoesNotFit with the field, Package.DoesNotExist, or the failures of stripe_shapes. Stripe is asked, so
    it is not to be called inside a transaction.
    """
    package = Package.objects.get(pk=package_id)
    price = _price_at_stripe(package, secret_key)
    _compare(package, price)
    # Only for what was compared: an edit meanwhile is not proved by this.
    unchanged = Package.objects.filter(pk=package.pk, price_minor=package.price_minor, currency=package.currency)
    unchanged.filter(stripe_price_id=package.stripe_price_id, stripe_product_id=package.stripe_product_id).update(
        stripe_product_id=price.product_id, stripe_price_id=price.id, price_proved_at=timezone.now()
    )
    package.refresh_from_db()
    return package


def forget_proofs() -> None:
    """After a change of Stripe account or mode no price is proved any more."""
    Package.objects.update(price_proved_at=None)


def all_on_sale() -> QuerySet[Package]:
    """What clients can buy now, in the agency's order: also what is hidden, and bought by its address alone."""
    return Package.objects.filter(is_active=True, price_proved_at__isnull=False).exclude(stripe_price_id="")


def listed() -> QuerySet[Package]:
    """What everybody is shown: on sale and not hidden."""
    return all_on_sale().filter(is_hidden=False)


def on_sale(package_id: UUID) -> Package:
    """The package if it can be bought now. Raises NotOnSale."""
    package = all_on_sale().filter(pk=package_id).first()
    if package is None:
        raise NotOnSale(package_id)
    return package


def _errors(name: str, credits: int, price_minor: int, currency: str, product_id: str, price_id: str) -> dict[str, str]:
    errors = {}
    if not 0 < len(name) <= 80:
        errors["name"] = _("Give the package a name of at most 80 letters.")
    if not 0 <= credits <= MOST_CREDITS:
        errors["credits"] = _("Credits are a whole number from 0 to %(most)s.") % {"most": MOST_CREDITS}
    if currency not in Currency.values:
        errors["currency"] = _("Choose EUR, USD or GBP.")
    elif not (least := LEAST_MINOR[Currency(currency)]) <= price_minor <= MOST_MINOR:
        errors["price_minor"] = _("The price must be between %(least)s and %(most)s.") % {
            "least": written(least, currency),
            "most": written(MOST_MINOR, currency),
        }
    if product_id and (not _ID.fullmatch(product_id) or product_id.startswith("price_")):
        errors["stripe_product_id"] = _("A product id starts with prod_. You find it on the product's page in Stripe.")
    if price_id and not (_ID.fullmatch(price_id) and price_id.startswith("price_")):
        errors["stripe_price_id"] = _("A price id starts with price_. You find it beside the price in Stripe.")
    return errors


def _more_errors(description: str, credits: int, lifetime_days: int | None) -> dict[str, str]:
    errors = {}
    if len(description) > 200:
        errors["description"] = _("Say it in at most 200 letters.")
    if lifetime_days is not None and not 0 < lifetime_days <= MOST_DAYS:
        errors["lifetime_days"] = _("Use 1 to %(most)s days, or leave it empty for credits that stay.") % {
            "most": MOST_DAYS
        }
    elif lifetime_days is not None and not credits:
        errors["lifetime_days"] = _("Without credits nothing can expire. Leave this empty.")
    return errors


def _price_at_stripe(package: Package, secret_key: str) -> PriceState:
    field = "stripe_price_id" if package.stripe_price_id else "stripe_product_id"
    try:
        if package.stripe_price_id:
            return stripe_gateway.check_price(secret_key=secret_key, price_id=package.stripe_price_id)
        return stripe_gateway.make_product_and_price(
            secret_key=secret_key,
            package_id=package.pk,
            name=package.name,
            price_minor=package.price_minor,
            currency=package.currency,
            product_id=package.stripe_product_id,
        )
    except StripeMissing as missing:
        sentence = _("Stripe does not know this id in the account and mode of your secret key. Copy it again.")
        raise PriceDoesNotFit(field, sentence) from missing
    except StripeRefused as refused:
        if refused.param != "product":
            raise
        raise PriceDoesNotFit("stripe_product_id", refused.sentence) from refused


def _compare(package: Package, price: PriceState) -> None:
    if package.stripe_product_id and package.stripe_product_id != price.product_id:
        sentence = _("This price belongs to another product (%(product)s).") % {"product": price.product_id}
        raise PriceDoesNotFit("stripe_product_id", sentence)
    if not price.product_active:
        raise PriceDoesNotFit("stripe_product_id", _("This product is archived in Stripe. Unarchive it there first."))
    sentence = _price_sentence(package, price)
    if sentence:
        raise PriceDoesNotFit("stripe_price_id", sentence)
    if price.currency != package.currency:
        raise PriceDoesNotFit(
            "currency",
            _("The price in Stripe is in %(there)s, this package in %(here)s.")
            % {"there": price.currency.upper(), "here": package.currency.upper()},
        )
    if price.unit_amount != package.price_minor:
        raise PriceDoesNotFit(
            "price_minor",
            _("The price in Stripe is %(there)s, this package's %(here)s.")
            % {
                "there": written(price.unit_amount or 0, price.currency),
                "here": written(package.price_minor, package.currency),
            },
        )


def _price_sentence(package: Package, price: PriceState) -> str:
    if not price.active:
        return _("This price is archived in Stripe. Unarchive it there, or leave the field empty to have one made.")
    if price.type != "one_time":
        return _("This price is a subscription. Credits are sold once: make a one-time price in Stripe.")
    if price.billing_scheme != "per_unit" or price.unit_amount is None:
        return _("This price has tiers or lets the buyer choose. Make a price with one fixed amount in Stripe.")
    return ""


def written(minor: int, currency: str) -> str:
    """An amount in a sentence of ours: 40.00 EUR."""
    return f"{minor // 100}.{minor % 100:02d} {currency.upper()}"
