"""How an agency's Checkout behaves: kept only after Stripe has made a page with exactly these options.

Stripe is asked outside of any transaction. With whose account it agreed is kept as well, since another one may not.
"""

from agencies.models import Agency
from billing import checkout_options, checkout_trial, packages
from billing.checkout_options import Options
from billing.checkout_trial import Sold
from domains import links
from vault import connections
from vault.models import StripeConnection

_AGREED = "agreed_with"


def options(agency: Agency) -> Options:
    """How Checkout behaves now."""
    stored = StripeConnection.objects.filter(agency_id=agency.pk).first()
    return Options.read(stored.checkout_options) if stored else Options()


def has_agreed(agency: Agency) -> bool:
    """Whether the Stripe account and mode of today's key are those that agreed to what is switched on."""
    stored = StripeConnection.objects.filter(agency_id=agency.pk).first()
    return stored is None or in_force(stored) == Options.read(stored.checkout_options)


def in_force(connection: StripeConnection) -> Options:
    """What a client's Checkout is made with: nothing special while another account or mode agreed to what is switched
    on, since this one may refuse it, and then a client could not pay."""
    wanted = Options.read(connection.checkout_options)
    return wanted if connection.checkout_options.get(_AGREED) == _whose(connection) else Options()


def change(agency: Agency, wanted: Options) -> Options:
    """Let Checkout behave like this from the next purchase on. To be called in the agency's schema.

    Raises checkout_options.OptionsRefused with a sentence beside each option, connections.NotConnected without a key,
    and the failures of billing.stripe_shapes when Stripe could not judge them.
    """
    wanted = checkout_options.checked(wanted)
    secret_key = connections.stripe_secret_key(agency.pk)
    asked = connections.stripe_connection(agency.pk)
    checkout_trial.try_out(wanted, sold=_sold(), back_url=links.portal(agency.pk), secret_key=secret_key)
    kept = wanted.written() | {_AGREED: _whose(asked)}
    connections.save_checkout_options(agency_id=agency.pk, options=kept)
    return wanted


def _sold() -> list[Sold]:
    """A price on sale for each currency; a made-up one while nothing is."""
    prices = {package.currency: package.stripe_price_id for package in packages.all_on_sale()}
    return [Sold(currency, price_id) for currency, price_id in prices.items()] or [Sold()]


def _whose(connection: StripeConnection) -> str:
    return f"{connection.account_id} {'live' if connection.livemode else 'test'}"
