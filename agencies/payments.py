"""Connecting an agency's own Stripe: keys are proved by Stripe before they are stored, the endpoint is made for them.

Stripe is asked outside of any transaction. What an interrupted run left behind is found and replaced, never doubled.
"""

import logging
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Agency
from billing import packages, purchases, stripe_gateway
from billing.models import Package
from billing.stripe_shapes import StripeFailed
from domains import links
from tenancy import door
from vault import connections
from vault.models import StripeConnection

log = logging.getLogger(__name__)


class AccountHasOpenPurchases(ValueError):
    """The key belongs to another Stripe account while payments of the old one are still on their way."""


def webhook_path(slug: str) -> str:
    """Where the agency's Stripe reports to, on the platform host."""
    return f"/api/webhooks/stripe/{slug}"


def webhook_url(agency: Agency) -> str:
    """The address to enter at Stripe."""
    return links.platform(webhook_path(agency.slug))


def connect(
    agency: Agency, *, publishable_key: str = "", secret_key: str = "", webhook_secret: str = ""
) -> StripeConnection:
    """Store the keys that were pasted; blank ones stay as they are. A new secret key is tried at Stripe first, and then
    proves the packages that wait for it.

    Raises key_shapes.WrongKey, AccountHasOpenPurchases, and the failures of billing.stripe_shapes.
    """
    pasted = connections.check_stripe_keys(
        agency_id=agency.pk,
        publishable_key=publishable_key,
        secret_key=secret_key,
        webhook_secret=webhook_secret,
    )
    account_id = business_name = ""
    if pasted["secret_key"]:
        account = stripe_gateway.check_account(pasted["secret_key"])
        account_id, business_name = account.id, account.name
        _refuse_to_change_account(agency, account_id)
    with door.enter(agency):
        with transaction.atomic():
            before = StripeConnection.objects.filter(agency_id=agency.pk).first()
            saved = connections.save_stripe_keys(
                agency_id=agency.pk,
                publishable_key=publishable_key,
                secret_key=secret_key,
                webhook_secret=webhook_secret,
                account_id=account_id,
                business_name=business_name,
            )
            if pasted["secret_key"] and not _is_same_account(before, saved):
                packages.forget_proofs()
        if pasted["secret_key"]:
            _prove_waiting_packages(agency)
    return saved


def prove_package(agency: Agency, package_id: UUID) -> bool:
    """Have Stripe confirm the package's price, or make it there. False while there is no key to ask with.

    To be called in the agency's schema. Raises packages.PriceDoesNotFit and the failures of billing.stripe_shapes.
    """
    try:
        secret_key = connections.stripe_secret_key(agency.pk)
    except connections.NotConnected:
        return False
    packages.prove_price(package_id=package_id, secret_key=secret_key)
    return True


def set_up_webhook(agency: Agency) -> StripeConnection:
    """Make the endpoint at Stripe with every event we understand, and store its signing secret. Those that it replaces
    go last: an interrupted run leaves the one that worked. Of two runs at once the one that stores first counts, and
    the other takes its own endpoint away again.

    Raises connections.NotConnected without a secret key, and the failures of billing.stripe_shapes.
    """
    before = connections.stripe_connection(agency.pk).webhook_endpoint_id
    secret_key = connections.stripe_secret_key(agency.pk)
    endpoint = stripe_gateway.make_webhook_endpoint(secret_key=secret_key, url=webhook_url(agency))
    useless: tuple[str, ...] = endpoint.replaces
    try:
        saved = connections.save_webhook_endpoint(
            agency_id=agency.pk, endpoint_id=endpoint.id, webhook_secret=endpoint.secret, instead_of=before
        )
    except connections.EndpointReplaced:
        saved, useless = connections.stripe_connection(agency.pk), (endpoint.id,)
    try:
        stripe_gateway.remove_webhook_endpoints(secret_key=secret_key, endpoint_ids=useless)
    except StripeFailed as error:
        log.warning("agency %s: old endpoints stay until the next set-up: %s", agency.pk, type(error).__name__)
    return saved


def _is_same_account(before: StripeConnection | None, saved: StripeConnection) -> bool:
    """Whether what Stripe confirmed before still stands. A key that does not say whose it is confirms nothing."""
    if before is None or not saved.account_id:
        return False
    return (before.account_id, before.livemode) == (saved.account_id, saved.livemode)


def _refuse_to_change_account(agency: Agency, account_id: str) -> None:
    stored = StripeConnection.objects.filter(agency_id=agency.pk).first()
    if stored is None or not account_id or stored.account_id in ("", account_id):
        return
    with door.enter(agency):
        on_their_way = purchases.open_purchases().filter(stripe_session_id__isnull=False)
        # What was given up has its problem written down, and would keep the account for ever.
        if on_their_way.filter(problem="").exists():
            raise AccountHasOpenPurchases(
                _("This key belongs to another Stripe account, and payments of the present one are still on their way.")
            )


def _prove_waiting_packages(agency: Agency) -> None:
    """Whatever the order, keys or packages first. What Stripe refuses waits on: the checklist says so."""
    for package_id in Package.objects.filter(is_active=True, price_proved_at=None).values_list("pk", flat=True):
        try:
            prove_package(agency, package_id)
        except (packages.PriceDoesNotFit, StripeFailed) as error:
            log.info("package %s of agency %s is not proved: %s", package_id, agency.pk, type(error).__name__)
