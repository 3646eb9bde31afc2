"""Paid sessions at Stripe that no purchase is credited for: whether they are for us to look at, and kept if they are.

Money that looks like ours and brought no credits is never dropped and never guessed into a wallet: it waits for a
person. What another product sells through the same Stripe account is none of our business and is not listed.
"""

from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from agencies import discrepancies
from agencies.models import Discrepancy
from billing.models import Package, Purchase
from billing.stripe_listed import ListedSession
from domains.models import Domain
from tenancy import schemas


def keep(session: ListedSession, *, why: str = "") -> Discrepancy | None:
    """Note a paid session that brought no credits, if it looks like ours; take the note back once it has brought them.

    `why` is the reason in words for the agency, where one is known. Gives what waits to be looked at, or None.
    """
    purchase = named(session)
    if is_credited(session):
        discrepancies.gone(kind=Discrepancy.Kind.STRAY_PAYMENT, subject=session.state.id)
        return None
    if not session.is_paid or not looks_like_ours(session, purchase):
        return None
    return discrepancies.note(
        kind=Discrepancy.Kind.STRAY_PAYMENT,
        subject=session.state.id,
        words=why or (purchase.problem if purchase else "") or _("This payment belongs to no purchase of your portal."),
        facts=_facts(session, purchase),
        client_id=purchase.client_id if purchase else None,
    )


def named(session: ListedSession) -> Purchase | None:
    """The purchase of this agency that the session names, whether or not it may be credited for it."""
    names = (session.state.metadata.get("purchase_id", ""), session.state.client_reference_id)
    ids = [purchase_id for name in names if (purchase_id := _uuid(name)) is not None]
    return Purchase.objects.filter(pk__in=ids).first() if ids else None


def is_credited(session: ListedSession) -> bool:
    """Whether a purchase was credited for this very session."""
    return Purchase.objects.filter(stripe_session_id=session.state.id, paid_at__isnull=False).exists()


def looks_like_ours(session: ListedSession, purchase: Purchase | None) -> bool:
    """Whether the agency has to look at it: it names a purchase of ours, sells a price of ours, leads back to our
    portal, or carries the mark of a portal without leading back to another one.
    """
    if purchase is not None or _sells_ours(session.price_ids):
        return True
    if session.success_host:
        return session.success_host in _hosts()
    return _uuid(session.state.metadata.get("purchase_id", "")) is not None


def _sells_ours(price_ids: tuple[str, ...]) -> bool:
    if not price_ids:
        return False
    return (
        Package.objects.filter(stripe_price_id__in=price_ids).exists()
        or Purchase.objects.filter(stripe_price_id__in=price_ids).exists()
    )


def _hosts() -> set[str]:
    """The portal's hosts, today's and former ones. What was only claimed is nobody's."""
    mine = Domain.objects.filter(tenant_id=schemas.current_agency_id())
    proved = mine.filter(Q(kind=Domain.Kind.SLUG) | Q(verified_at__isnull=False))
    return set(proved.values_list("domain", flat=True))


def _facts(session: ListedSession, purchase: Purchase | None) -> dict[str, str | int | bool | None]:
    """What event and list both show: otherwise the same payment would look like another one each time."""
    state = session.state
    return {
        "session": state.id,
        "payment_intent": state.payment_intent,
        "amount_minor": state.amount_total,
        "subtotal_minor": state.amount_subtotal,
        "currency": state.currency,
        "payment_status": state.payment_status,
        "mode": state.mode,
        "livemode": state.livemode,
        "created": session.created_at.isoformat(timespec="seconds"),
        "buyer": session.buyer_email[:200],
        "reference": (state.metadata.get("purchase_id") or state.client_reference_id)[:200],
        "purchase": str(purchase.pk) if purchase else "",
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
