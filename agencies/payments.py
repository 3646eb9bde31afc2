"""Connecting an agency's own Stripe: keys are proved by Stripe before they are stored, the endpoint is made for them.

Stripe is asked outside of any transaction. What an interrupted run left behind is found and replaced, never doubled.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import going_live, sweep, webhook_proof
from agencies.models import Agency
from billing import packages, price_ids, purchases, stripe_gateway
from billing.models import Package
from billing.stripe_shapes import StripeAccount, StripeFailed, StripeMissing, StripeRefused
from follow_ups import agenda
from tenancy import door
from vault import connections, key_shapes
from vault.models import StripeConnection

log = logging.getLogger(__name__)


class AccountHasOpenPurchases(ValueError):
    """The key belongs to another Stripe account while payments of the old one are still on their way."""


class KeyLacksRights(ValueError):
    """Nothing could be sold with this restricted key. `sentences` say what it lacks, each with what to do."""

    def __init__(self, sentences: list[str]) -> None:
        self.sentences = sentences
        super().__init__(" ".join(sentences))


class TestCreditsLeft(ValueError):
    """Live keys would replace test keys, and what was bought or given in test mode goes with them: `preview` says how
    much. The owner agrees to that first."""

    def __init__(self, preview: going_live.Preview) -> None:
        super().__init__(f"{preview.clients} clients hold test credits")
        self.preview = preview


class NoPackageYet(LookupError):
    """Product and price were given before there is a package that they belong to. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Connected:
    """What was stored, sentences on what does not work with it yet, and why the price was left as it was, if it was."""

    connection: StripeConnection
    shortcomings: tuple[str, ...] = ()
    price_refused: packages.PriceDoesNotFit | None = None


def connect(
    agency: Agency,
    *,
    publishable_key: str = "",
    secret_key: str = "",
    webhook_secret: str = "",
    product_id: str | None = None,
    price_id: str | None = None,
    removes_test_credits: bool = False,
) -> Connected:
    """Store what was pasted; blank keys stay as they are. A new secret key is tried at Stripe first: whose it is, what
    it may do. Then the first package is sold by this product and price (None leaves them, empty ones are made at
    Stripe), and packages that waited for a key are proved.

    The keys stay when the price does not fit: nobody pastes a secret twice. Raises key_shapes.WrongKey, NoPackageYet,
    packages.PriceDoesNotFit for what is no id, AccountHasOpenPurchases, KeyLacksRights, connections.NotConnected for a
    price without any key, TestCreditsLeft for live keys unless `removes_test_credits`, and the failures of
    billing.stripe_shapes; then nothing is stored.
    """
    keys = {"publishable_key": publishable_key, "secret_key": secret_key, "webhook_secret": webhook_secret}
    ids = {name: key_shapes.cleaned(id_) for name, id_ in (("product_id", product_id), ("price_id", price_id))}
    pasted = connections.check_stripe_keys(agency_id=agency.pk, **keys)
    price_ids.check(**ids)
    with door.enter(agency):
        if any(ids.values()) and price_ids.first_package() is None:
            raise NoPackageYet(
                _("There is no package yet that this belongs to. Create it first, and paste this there.")
            )
    if any(ids.values()) and not pasted["secret_key"]:
        connections.stripe_connection(agency.pk)
    account, shortcomings = StripeAccount("", "", livemode=False), []
    if key := pasted["secret_key"]:
        if not removes_test_credits:
            _refuse_to_leave_test_credits(agency, key)
        account = stripe_gateway.check_account(key)
        shortcomings = _shortcomings(key, account)
        _refuse_to_change_account(agency, key, account.id)
    saved = _stored(agency, keys, account, is_new_key=bool(key))
    is_given = product_id is not None or price_id is not None
    refused = _sell_by(agency, product_id=product_id, price_id=price_id) if is_given else None
    if key and refused is None:
        prove_waiting_packages(agency)
    return Connected(saved, tuple(shortcomings), refused)


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


def prove_waiting_packages(agency: Agency, *, make_anew: bool = False) -> None:
    """Whatever the order, keys or packages first: products and prices that no package names yet are made.

    `make_anew` replaces those that Stripe does not know: they are of another account, or of test mode. What Stripe
    refuses waits on: the checklist says so.
    """
    with door.enter(agency):
        waiting = Package.objects.filter(is_active=True, price_proved_at=None)
        for package_id in list(waiting.values_list("pk", flat=True)):
            try:
                _prove_waiting(agency, package_id, make_anew=make_anew)
            except (packages.PriceDoesNotFit, StripeFailed) as error:
                log.info("package %s of agency %s is not proved: %s", package_id, agency.pk, type(error).__name__)


def set_up_webhook(agency: Agency) -> StripeConnection:
    """Make at Stripe what is not there yet: products and prices, and the endpoint with every event we understand, whose
    signing secret is stored. Endpoints that it replaces go last: an interrupted run leaves the one that worked. Of two
    runs at once the one that stores first counts, and the other takes its own endpoint away again.

    Raises connections.NotConnected without a secret key, and the failures of billing.stripe_shapes.
    """
    before = connections.stripe_connection(agency.pk).webhook_endpoint_id
    prove_waiting_packages(agency, make_anew=True)
    secret_key = connections.stripe_secret_key(agency.pk)
    endpoint = stripe_gateway.make_webhook_endpoint(secret_key=secret_key, url=webhook_proof.webhook_url(agency))
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


def _stored(agency: Agency, keys: dict[str, str], account: StripeAccount, *, is_new_key: bool) -> StripeConnection:
    with door.enter(agency), transaction.atomic():
        before = StripeConnection.objects.filter(agency_id=agency.pk).first()
        saved = connections.save_stripe_keys(
            agency_id=agency.pk,
            publishable_key=keys["publishable_key"],
            secret_key=keys["secret_key"],
            webhook_secret=keys["webhook_secret"],
            account_id=account.id,
            business_name=account.name,
        )
        if is_new_key and not _is_same_account(before, saved):
            packages.forget_proofs()
        if is_new_key:
            sweep.schedule()
        if saved.livemode:
            # Finds nothing to do where there was no test mode.
            going_live.schedule()
        agenda.schedule(kind=webhook_proof.KIND, due_at=timezone.now() + webhook_proof.LOOKS_EVERY)
    return saved


def _prove_waiting(agency: Agency, package_id: UUID, *, make_anew: bool) -> None:
    try:
        prove_package(agency, package_id)
    except packages.PriceDoesNotFit as refused:
        if not (make_anew and isinstance(refused.__cause__, StripeMissing)):
            raise
        secret_key = connections.stripe_secret_key(agency.pk)
        price_ids.replace(package_id=package_id, product_id="", price_id="", secret_key=secret_key)


def _sell_by(agency: Agency, *, product_id: str | None, price_id: str | None) -> packages.PriceDoesNotFit | None:
    """Why the first package is not sold by this product and price; None when it is. What is None stays."""
    with door.enter(agency):
        package = price_ids.first_package()
        if package is None:
            return None
        before = (package.stripe_product_id, package.stripe_price_id)
        wanted = (
            before[0] if product_id is None else key_shapes.cleaned(product_id),
            before[1] if price_id is None else key_shapes.cleaned(price_id),
        )
        if wanted == before and package.price_proved_at is not None:
            return None
        secret_key = connections.stripe_secret_key(agency.pk)
        try:
            price_ids.replace(package_id=package.pk, product_id=wanted[0], price_id=wanted[1], secret_key=secret_key)
        except packages.PriceDoesNotFit as refused:
            return refused
        except StripeFailed as failed:
            return packages.PriceDoesNotFit("stripe_price_id", failed.sentence)
    return None


def _is_same_account(before: StripeConnection | None, saved: StripeConnection) -> bool:
    """Whether what Stripe confirmed before still stands. A key that does not say whose it is confirms nothing."""
    if before is None or not saved.account_id:
        return False
    return (before.account_id, before.livemode) == (saved.account_id, saved.livemode)


def _shortcomings(secret_key: str, account: StripeAccount) -> list[str]:
    """What the owner should know although the key is good. Raises KeyLacksRights when it is not."""
    lacking = stripe_gateway.lacking_rights(secret_key)
    needed = [right.sentence(right.least) for right in lacking if right.is_needed]
    if needed:
        raise KeyLacksRights(needed)
    sentences = [right.sentence(right.least) for right in lacking]
    if not account.charges_enabled:
        sentences.append(_("Stripe does not let this account take payments yet. Finish its set-up in Stripe."))
    return sentences


def _refuse_to_change_account(agency: Agency, secret_key: str, account_id: str) -> None:
    stored = StripeConnection.objects.filter(agency_id=agency.pk, secret_key_sealed__isnull=False).first()
    if stored is None or (account_id and stored.account_id == account_id):
        return
    with door.enter(agency):
        # What was given up has its problem written down, and would keep the account for ever.
        on_their_way = purchases.open_purchases().filter(stripe_session_id__isnull=False, problem="")
        if not (account_id and stored.account_id):
            # Nobody says whose key it is. Whether it sees the open page shows whether the account is the same.
            on_their_way = on_their_way.filter(livemode=key_shapes.is_live(secret_key))
        open_one = on_their_way.first()
        if open_one is None or (
            not (account_id and stored.account_id) and _sees(secret_key, open_one.stripe_session_id)
        ):
            return
    raise AccountHasOpenPurchases(
        _("This key belongs to another Stripe account, and payments of the present one are still on their way.")
    )


def _refuse_to_leave_test_credits(agency: Agency, secret_key: str) -> None:
    stored = StripeConnection.objects.filter(agency_id=agency.pk, livemode=False).first()
    if stored is None or not key_shapes.is_live(secret_key):
        return
    preview = going_live.preview(agency)
    if preview.clients:
        raise TestCreditsLeft(preview)


def _sees(secret_key: str, session_id: str | None) -> bool:
    try:
        stripe_gateway.fetch_session(secret_key=secret_key, session_id=session_id or "")
    except StripeMissing:
        return False
    except StripeRefused:
        return True
    return True
