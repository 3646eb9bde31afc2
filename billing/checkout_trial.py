"""Stripe's word on how Checkout is to behave, asked for before it is kept and not while a client pays.

A page is made with exactly these options for every currency that is sold in, and closed at once: nobody ever sees it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing import stripe_gateway
from billing.checkout_options import Options, OptionsRefused
from billing.models import Currency
from billing.stripe_shapes import StripeKeyRefused, StripeRefused, StripeRightMissing


@dataclass(frozen=True, slots=True)
class Sold:
    """Something to try it with: a currency, and a price at Stripe where there is one."""

    currency: str = Currency.EUR
    price_id: str = ""


def try_out(options: Options, *, sold: Iterable[Sold], back_url: str, secret_key: str) -> None:
    """Have Stripe make and close a page with these options. Not to be called inside a transaction.

    Raises OptionsRefused with what Stripe says beside each option that it refuses (under "" when it is none of them),
    and StripeKeyRefused, StripeRightMissing or StripeUnreachable when the options were not judged at all.
    """
    for each in sold:
        refused = _refusal(options, each, back_url, secret_key)
        if refused is not None:
            raise OptionsRefused(_who_is_to_blame(options, each, back_url, secret_key) or {"": refused.sentence})


def _who_is_to_blame(options: Options, sold: Sold, back_url: str, secret_key: str) -> dict[str, str]:
    """The options that are refused also alone. None when Stripe refuses a page without any of them too."""
    if _refusal(Options(), sold, back_url, secret_key) is not None:
        return {}
    errors = {}
    for name, alone in options.each_alone():
        refused = _refusal(alone, sold, back_url, secret_key)
        if refused is not None:
            errors[name] = f"{_what_to_do(name)} {refused.sentence}"
    return errors


def _refusal(options: Options, sold: Sold, back_url: str, secret_key: str) -> StripeRefused | None:
    try:
        stripe_gateway.try_checkout(
            secret_key=secret_key, options=options, price_id=sold.price_id, currency=sold.currency, back_url=back_url
        )
    except (StripeKeyRefused, StripeRightMissing):
        raise
    except StripeRefused as refused:
        return refused
    return None


def _what_to_do(name: str) -> str:
    return {
        "promotion_codes": _("Make a coupon in Stripe under Product catalogue, Coupons, then save this again."),
        "automatic_tax": _("Finish the set-up in Stripe under Tax, with your address, then save this again."),
        "tax_ids": _("Look in Stripe under Settings, Tax, whether tax ids may be asked for, then save this again."),
        "invoices": _("Complete your business details in Stripe under Settings, Invoices, then save this again."),
        "card_only": _("Turn cards on in Stripe under Settings, Payment methods, then save this again."),
        "statement_suffix": _("Make it shorter or simpler: Stripe puts your account's own prefix in front."),
    }[name]
