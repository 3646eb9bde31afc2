"""The ids of a package's product and price at Stripe, changed by themselves.

Stripe confirms the new ones, or the old ones are back as they were.
"""

import re
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing import packages
from billing.models import Package
from billing.stripe_shapes import StripeFailed

_PRODUCT = re.compile(r"(?!price_)[A-Za-z0-9_-]{1,64}")
_PRICE = re.compile(r"price_[A-Za-z0-9_-]{1,58}")


def first_package() -> Package | None:
    """The package that is offered first, which a form without packages speaks of. In the agency's schema."""
    return Package.objects.filter(is_active=True).first()


def replace(*, package_id: UUID, product_id: str, price_id: str, secret_key: str) -> Package:
    """Sell this package by another price at Stripe. An empty `price_id` has one made for the product.

    Raises packages.PriceDoesNotFit with the field, Package.DoesNotExist, and the failures of stripe_shapes; then the
    package is as it was before. Stripe is asked, so it is not to be called inside a transaction.
    """
    check(product_id=product_id, price_id=price_id)
    with transaction.atomic():
        package = Package.objects.select_for_update().get(pk=package_id)
        before = (package.stripe_product_id, package.stripe_price_id, package.price_proved_at)
        _put(package, product_id, price_id, None)
    try:
        return packages.prove_price(package_id=package_id, secret_key=secret_key)
    except (packages.PriceDoesNotFit, StripeFailed):
        with transaction.atomic():
            package = Package.objects.select_for_update().get(pk=package_id)
            # Somebody else's newer word stays.
            if (package.stripe_product_id, package.stripe_price_id) == (product_id, price_id):
                _put(package, *before)
        raise


def check(*, product_id: str, price_id: str) -> None:
    """Raises packages.PriceDoesNotFit, with the field, for what cannot be an id. Empty ones can."""
    if product_id and not _PRODUCT.fullmatch(product_id):
        raise packages.PriceDoesNotFit(
            "stripe_product_id", _("A product id starts with prod_. You find it on the product's page in Stripe.")
        )
    if price_id and not _PRICE.fullmatch(price_id):
        raise packages.PriceDoesNotFit(
            "stripe_price_id", _("A price id starts with price_. You find it beside the price in Stripe.")
        )


def _put(package: Package, product_id: str, price_id: str, proved_at: datetime | None) -> None:
    package.stripe_product_id, package.stripe_price_id = product_id, price_id
    package.price_proved_at = proved_at
    package.save(update_fields=["stripe_product_id", "stripe_price_id", "price_proved_at"])
