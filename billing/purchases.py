"""Purchases: started with a copy of what was offered, settled by what Stripe says about the session, credited once.

Webhook, return page and sweep all end in `settle`. It believes a session's own state and never the order in which news
arrives; what does not fit the copy is written down for the agency and never credited. Stripe is asked before the
transaction, never inside it.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import credits, expiry, ledger, own_prices, packages, receipts, returns, stripe_gateway
from billing.checkout_options import Options
from billing.models import LedgerEntry, Package, Purchase
from billing.stripe_shapes import CheckoutState, InlinePrice, StripeMissing, StripeRefused
from clients.models import Client
from follow_ups import agenda
from tenancy import rows

CHECK_KIND = "purchase_check"
# Stripe wants 30 minutes to 24 hours; it ends before the last look below, which therefore finds it closed.
SESSION_LIVES = timedelta(hours=23)
LOOKS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=24))
# Bank debits take up to two weeks.
BANK_LOOKS_EVERY = timedelta(days=1)
BANK_LOOKS_UNTIL = timedelta(days=21)
_UNPAID = (Purchase.State.PENDING, Purchase.State.FAILED, Purchase.State.ABANDONED)
_BY_STRIPE = {"kind": "stripe", "id": "", "email": ""}
# What settling may change. The copy of what was offered is not among it.
_SETTLED = (
    "state",
    "history",
    "problem",
    "awaiting_bank",
    "stripe_session_id",
    "stripe_payment_intent_id",
    "paid_minor",
    "discount_minor",
    "tax_minor",
    "paid_at",
    "closed_at",
)


class ClientSuspended(ValueError):
    """A suspended client does not buy."""


class FormTokenUsed(ValueError):
    """The form's token belongs to a purchase of something or somebody else."""


class PurchaseClosed(ValueError):
    """This form was sent before, and its purchase is paid, failed or given up. The argument is the purchase's id."""


class ForeignSession(LookupError):
    """A session that is no purchase of this agency. The message says why, for the agency."""


def start(
    *,
    client_id: UUID,
    package_id: UUID,
    form_token: UUID,
    account_id: str,
    livemode: bool,
    created_by: str,
    email: str,
    success_url: str,
    cancel_url: str,
    secret_key: str,
    options: Options,
    seen_minor: int | None = None,
) -> str:
    """The address of Stripe's page where the client pays this package. The same form token gives the same page.

    Pages that the client opened before stay open: each is a purchase of its own. `success_url` may hold a literal
    `{CHECKOUT_SESSION_ID}`; `account_id` is Stripe's id of the account behind the key, "" where it is not known;
    `seen_minor` is the price that the client was shown. Raises packages.NotOnSale, own_prices.PriceChanged,
    ClientSuspended, FormTokenUsed, PurchaseClosed, and the failures of stripe_shapes: after StripeUnreachable the same
    form may be sent again.
    """
    made_under = {"stripe_account_id": account_id, "livemode": livemode, "created_by": created_by}
    purchase = _opened(client_id, package_id, form_token, made_under, seen_minor)
    if purchase.state != Purchase.State.PENDING:
        raise PurchaseClosed(purchase.pk)
    if purchase.stripe_session_url:
        return purchase.stripe_session_url
    try:
        session = stripe_gateway.create_checkout(
            secret_key=secret_key,
            purchase_id=purchase.pk,
            price=_sold_by(purchase),
            email=email,
            success_url=success_url,
            cancel_url=cancel_url,
            expires_at=purchase.created_at + SESSION_LIVES,
            options=options,
        )
    except StripeRefused as refused:
        _close_unanswered(purchase.pk, Purchase.State.FAILED, problem=refused.sentence[:300])
        raise
    _unanswered(purchase.pk).update(stripe_session_id=session.id, stripe_session_url=session.url)
    return session.url


def settle(*, state: CheckoutState, bank_said_no: bool = False) -> Purchase:
    """Bring the purchase to what its session says, in one transaction (or within the caller's). Credits at most once.

    `bank_said_no` is Stripe's word that a delayed payment failed; it counts only while the session is unpaid.
    Raises ForeignSession when the session is no purchase of this agency.
    """
    purchase_id = state.purchase_id
    if state.mode != "payment":
        raise ForeignSession(
            _("A subscription or a saved card: the portal sells neither. Please look at it in Stripe.")
        )
    if purchase_id is None:
        raise ForeignSession(_("This payment was not started in the portal."))
    with transaction.atomic():
        purchase = rows.lock(Purchase, purchase_id)
        if purchase is None:
            raise ForeignSession(_("No purchase in this portal has the number of this payment."))
        if state.is_paid or state.is_free:
            _settle_paid(purchase, state)
        elif purchase.stripe_session_id in (None, state.id) and purchase.state == Purchase.State.PENDING:
            _settle_unpaid(purchase, state, bank_said_no or state.bank_said_no)
        rows.write(purchase, _SETTLED)
    return purchase


def look_up(*, told: CheckoutState, secret_key: str | None) -> CheckoutState:
    """The session of a signed event as Stripe shows it now, so that late and reordered news do no harm.

    Where the key cannot see it (replaced, revoked, gone), what Stripe signed stands, for a session that we know.
    Raises ForeignSession for one that neither knows, StripeUnreachable, or StripeRefused when the key is at fault.
    Not to be called inside a transaction.
    """
    purchase = Purchase.objects.filter(pk=told.purchase_id).first() if told.purchase_id else None
    if purchase is None:
        return told
    if secret_key is not None:
        try:
            return stripe_gateway.fetch_session(secret_key=secret_key, session_id=told.id)
        except StripeMissing as missing:
            if purchase.stripe_session_id != told.id:
                raise ForeignSession(_("Stripe does not know this payment in the account of your key.")) from missing
        except StripeRefused:
            if purchase.stripe_session_id != told.id:
                raise
    return told


def refresh(*, purchase_id: UUID, secret_key: str) -> Purchase:
    """Ask Stripe about an unpaid purchase and settle it: for the return page and the sweep.

    Raises Purchase.DoesNotExist and the failures of stripe_shapes. Not to be called inside a transaction.
    """
    purchase = Purchase.objects.get(pk=purchase_id)
    if purchase.state not in _UNPAID or purchase.stripe_session_id is None:
        return purchase
    return settle(state=stripe_gateway.fetch_session(secret_key=secret_key, session_id=purchase.stripe_session_id))


def cancel(*, purchase_id: UUID, secret_key: str) -> Purchase:
    """Close the page of a purchase that nobody has paid, and settle by what Stripe then says: paid, if it was faster.

    Raises Purchase.DoesNotExist and the failures of stripe_shapes. Not to be called inside a transaction.
    """
    purchase = Purchase.objects.get(pk=purchase_id)
    if purchase.state == Purchase.State.PENDING and purchase.stripe_session_id is not None:
        # Stripe refuses to close what is finished; looking at it says what it is.
        with suppress(StripeRefused):
            stripe_gateway.close_checkout(secret_key=secret_key, session_id=purchase.stripe_session_id)
    return refresh(purchase_id=purchase_id, secret_key=secret_key)


def by_session(*, client_id: UUID, session_id: str) -> Purchase:
    """The client's own purchase that this session is for. Raises Purchase.DoesNotExist for anybody else's."""
    return Purchase.objects.get(client_id=client_id, stripe_session_id=session_id)


def open_purchases() -> QuerySet[Purchase]:
    """Purchases whose end is not known, oldest first."""
    return Purchase.objects.filter(state=Purchase.State.PENDING).order_by("created_at")


def next_look_at(purchase: Purchase, now: datetime) -> datetime | None:
    """When to ask about the purchase again, on a widening schedule; None when it is closed or there is no more use."""
    if purchase.state != Purchase.State.PENDING:
        return None
    looks = (purchase.created_at + look for look in LOOKS)
    coming = next((at for at in looks if at > now), None)
    if coming is None and purchase.awaiting_bank and now < purchase.created_at + BANK_LOOKS_UNTIL:
        return now + BANK_LOOKS_EVERY
    return coming


def give_up(*, purchase_id: UUID) -> None:
    """The last look is over. Without a session nobody could pay; with one, somebody has to look at it in Stripe."""
    _close_unanswered(purchase_id, Purchase.State.ABANDONED)
    Purchase.objects.filter(pk=purchase_id, state=Purchase.State.PENDING, problem="").update(
        problem=_("It could not be found out whether this was paid. Please look for it in Stripe.")
    )


def _opened(
    client_id: UUID, package_id: UUID, form_token: UUID, made_under: dict[str, object], seen_minor: int | None
) -> Purchase:
    """The purchase of this form, committed before Stripe hears of it."""
    before = Purchase.objects.filter(form_token=form_token).first()
    if before is None:
        client = Client.objects.get(pk=client_id)
        if client.state != Client.State.ACTIVE:
            raise ClientSuspended(client_id)
        package = packages.on_sale(package_id)
        price_minor = own_prices.agreed(client, package, seen_minor=seen_minor)
        with transaction.atomic():
            before, is_new = Purchase.objects.get_or_create(
                form_token=form_token,
                defaults={"client": client, **made_under, **_copy(package, price_minor)},
            )
            if is_new:
                agenda.schedule(kind=CHECK_KIND, subject=str(before.pk), due_at=before.created_at + LOOKS[0])
    if (before.client_id, before.package_id) != (client_id, package_id):
        raise FormTokenUsed(form_token)
    return before


def _copy(package: Package, price_minor: int) -> dict[str, object]:
    is_own = price_minor != package.price_minor
    return {
        "package": package,
        "package_name": package.name,
        "seconds": credits.to_seconds(package.credits),
        "lifetime_days": package.lifetime_days,
        "price_minor": price_minor,
        "currency": package.currency,
        "stripe_price_id": "" if is_own else package.stripe_price_id,
        "stripe_product_id": package.stripe_product_id,
    }


def _sold_by(purchase: Purchase) -> str | InlinePrice:
    if purchase.stripe_price_id:
        return purchase.stripe_price_id
    return InlinePrice(purchase.stripe_product_id, purchase.price_minor, purchase.currency)


def _unanswered(purchase_id: UUID) -> QuerySet[Purchase]:
    return Purchase.objects.filter(pk=purchase_id, state=Purchase.State.PENDING, stripe_session_id=None)


def _close_unanswered(purchase_id: UUID, state: Purchase.State, *, problem: str = "") -> None:
    """End a purchase that never got a session, unless it has one by now."""
    with transaction.atomic():
        purchase = _unanswered(purchase_id).select_for_update(no_key=True).first()
        if purchase is not None:
            _close(purchase, state)
            purchase.problem = problem
            purchase.save()


def _settle_paid(purchase: Purchase, state: CheckoutState) -> None:
    problem = _mismatch(purchase, state)
    if not problem and not _is_credited(purchase, state):
        problem = _("Paid a second time at Stripe (%(session)s). Please refund one of the two.") % {
            "session": state.id[:80]
        }
    if problem:
        purchase.problem = problem
        return
    purchase.stripe_session_id, purchase.stripe_payment_intent_id = state.id, state.payment_intent
    if purchase.state in _UNPAID:
        purchase.paid_at = purchase.closed_at = timezone.now()
        purchase.move_to(Purchase.State.PAID, purchase.paid_at)
        purchase.problem, purchase.awaiting_bank, purchase.paid_minor = "", False, state.amount_total
        purchase.discount_minor, purchase.tax_minor = state.discount_minor, state.tax_minor
        agenda.schedule(kind=receipts.KIND, subject=str(purchase.pk), due_at=purchase.paid_at + receipts.AFTER)
        expiry.schedule(purchase)
        # What went back may have been told first.
        returns.book(purchase)


def _is_credited(purchase: Purchase, state: CheckoutState) -> bool:
    """Credit the purchase for this session, if it was not. False when it was credited for another one."""
    if not purchase.seconds:
        return purchase.paid_at is None or purchase.stripe_session_id == state.id
    posting = ledger.post(
        client_id=purchase.client_id,
        amount=purchase.seconds,
        kind=LedgerEntry.Kind.PURCHASE,
        source="stripe",
        source_id=str(purchase.pk),
        fact={"session": state.id, "amount_minor": state.amount_subtotal, "currency": state.currency},
        livemode=purchase.livemode,
        actor=_BY_STRIPE,
        reason=purchase.package_name,
    )
    return posting.outcome is not ledger.Outcome.CONFLICT


def _mismatch(purchase: Purchase, state: CheckoutState) -> str:
    """What does not fit the purchase's own copy, in words, or "". The total may differ (tax), the subtotal may not."""
    if state.livemode != purchase.livemode:
        return _("Paid in another mode (test or live) than the one it was started in.")
    if state.currency != purchase.currency:
        return _("Paid in %(paid)s instead of %(price)s.") % {
            "paid": state.currency.upper(),
            "price": purchase.currency.upper(),
        }
    if state.amount_subtotal != purchase.price_minor:
        return _("The payment at Stripe is for another amount than the package's price.")
    return ""


def _settle_unpaid(purchase: Purchase, state: CheckoutState, bank_said_no: bool) -> None:
    purchase.stripe_session_id = state.id
    purchase.stripe_payment_intent_id = state.payment_intent or purchase.stripe_payment_intent_id
    if state.status == "expired":
        _close(purchase, Purchase.State.ABANDONED)
    elif state.status == "complete" and bank_said_no:
        _close(purchase, Purchase.State.FAILED)
        purchase.problem = _("The bank did not pay.")
    elif state.status == "complete":
        purchase.problem = _unclear(state)
        purchase.awaiting_bank = state.awaits_capture or not purchase.problem


def _unclear(state: CheckoutState) -> str:
    """Why it is not known whether a finished session brings money, in words for the agency, or ""."""
    if state.awaits_capture:
        return _("The money is only set aside at the buyer's bank. Capture it in Stripe, and the credits follow.")
    if state.payment_status != "unpaid":
        return _("Stripe says “%(status)s” of this payment. Nothing was credited: please look at it in Stripe.") % {
            "status": state.payment_status[:40]
        }
    return ""


def _close(purchase: Purchase, state: Purchase.State) -> None:
    purchase.awaiting_bank, purchase.closed_at = False, timezone.now()
    purchase.move_to(state, purchase.closed_at)
