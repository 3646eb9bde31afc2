"""Giving money back, and letting calls start again: each says what it does to the wallet before it is done."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import disputes, refunds, returns, wallets
from billing.models import Dispute, Purchase, Refund
from billing.stripe_shapes import StripeKeyRefused, StripeRefused, StripeRightMissing, StripeUnreachable
from portal import money_words
from portal.dashboard import facts
from portal.dashboard.audited import audited, tell
from portal.dashboard.forms import RefundForm
from portal.dashboard.prices import read_amount, written_price
from portal.dashboard.roles import actor_of, agency_of, manager_changes
from portal.templatetags.figures import in_credits, money
from vault import connections


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("purchase.refunded", tells=True, outside=True)
def refund(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """Give a purchase back, whole or in part. An amount whose effect was not on the page is shown, not refunded."""
    purchase = _purchase(purchase_id)
    form = RefundForm(request.POST or None, initial={"amount": written_price(refunds.left_minor(purchase))})
    form.watch(reverse("dashboard:refund_effect", args=[agency_of(request).slug, purchase.pk]))
    is_shown_first = False
    if request.method == "POST" and form.is_valid():
        is_shown_first = not form.was_seen
        done = None if is_shown_first else _refunded(request, purchase, form)
        if done is not None:
            return done
    context = {
        "form": form,
        "nav": "purchases",
        "is_shown_first": is_shown_first,
        "paid_minor": returns.paid_minor(purchase) if purchase.paid_at else 0,
        **_obstacle(purchase),
    }
    return render(request, "dashboard/refund.html", context | _effect(purchase, str(form["amount"].value() or "")))


@require_GET
def effect(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """What an amount would do, while it is typed in."""
    return render(
        request, "dashboard/_refund_effect.html", _effect(_purchase(purchase_id), request.GET.get("amount", ""))
    )


@require_POST
@manager_changes
@audited("dispute.lifted", of=facts.disputes)
def lift(request: HttpRequest, purchase_id: UUID, dispute_id: UUID) -> HttpResponse:
    """Let a client's calls start again in spite of a dispute."""
    dispute = get_object_or_404(
        Dispute.objects.select_related("purchase__client"), pk=dispute_id, purchase_id=purchase_id
    )
    try:
        disputes.lift(dispute_id=dispute.pk, actor=actor_of(request).as_json())
    except disputes.NothingIsStopped:
        messages.info(request, _("This dispute does not stop calls any more."))
    else:
        messages.success(request, _lifted_words(dispute.purchase))
    return _to_purchase(request, purchase_id)


def _refunded(request: HttpRequest, purchase: Purchase, form: RefundForm) -> HttpResponse | None:
    """Refund, and go where it can be seen; None with the reason in the form when it was refused."""
    try:
        made = refunds.create(
            purchase_id=purchase.pk,
            amount_minor=form.cleaned_data["amount"],
            reason=form.cleaned_data["reason"],
            actor=actor_of(request).as_json(),
            form_token=form.cleaned_data["form_token"],
            secret_key=connections.stripe_secret_key(agency_of(request).pk),
        )
    except StripeUnreachable:
        tell(request, state="unclear", amount_minor=form.cleaned_data["amount"], currency=purchase.currency)
        messages.warning(
            request, _("Stripe has not answered. We go on asking, and this refund is made once. It stands below.")
        )
        return _to_purchase(request, purchase.pk)
    except refunds.NotRefundable:
        messages.error(request, _("This purchase cannot be refunded as it stands now."))
        return _to_purchase(request, purchase.pk)
    except (refunds.MoreThanIsLeft, refunds.FormTokenUsed, StripeRefused, connections.NotConnected) as refused:
        form.refuse(_field(refused), money_words.refund_refused(refused, purchase))
        return None
    tell(request, state=made.state, amount_minor=made.amount_minor, currency=made.currency, why=made.reason)
    if made.state == Refund.State.REFUSED:
        messages.error(request, _("Stripe has refused this refund. Nothing was taken."))
    else:
        messages.success(request, _refunded_words(made))
    return _to_purchase(request, purchase.pk)


def _field(refused: Exception) -> str | None:
    """The field that a refusal is about; None for what no field can change."""
    whole = (refunds.FormTokenUsed, connections.NotConnected, StripeKeyRefused, StripeRightMissing)
    return None if isinstance(refused, whole) else "amount"


def _refunded_words(made: Refund) -> str:
    words = _("%(amount)s are given back. %(credits)s credits were taken; the balance is %(balance)s now.")
    return words % {
        "amount": money(made.amount_minor, made.currency),
        "credits": in_credits(made.seconds),
        "balance": in_credits(wallets.get(made.purchase.client_id).balance),
    }


def _lifted_words(purchase: Purchase) -> str:
    wallet = wallets.get(purchase.client_id)
    if disputes.stop_starts(purchase.client_id):
        words = _("This dispute stops nothing any more. Another one of %(name)s still does.")
    elif wallet.balance < 0:
        words = _("This dispute stops nothing any more. %(name)s is below zero, so calls start once that is covered.")
    else:
        words = _("Calls of %(name)s start again.")
    return words % {"name": purchase.client.name}


def _obstacle(purchase: Purchase) -> dict[str, Any]:
    """Why nothing can be given back, if so."""
    try:
        refunds.refuse_unless_refundable(purchase)
    except refunds.NothingWasPaid:
        return {"obstacle": "free"}
    except refunds.NotRefundable:
        return {"obstacle": "nothing" if purchase.state == Purchase.State.REFUNDED else "state"}
    return {"obstacle": "" if refunds.left_minor(purchase) else "nothing"}


def _effect(purchase: Purchase, typed: str) -> dict[str, Any]:
    """What the typed amount does; no effect while it is no amount, or none that can be given back."""
    minor = read_amount(typed)
    try:
        seen = None if minor is None else refunds.effect(purchase=purchase, amount_minor=minor)
    except refunds.MoreThanIsLeft:
        seen = None
    return {"purchase": purchase, "effect": seen, "amount_minor": minor, "left_minor": refunds.left_minor(purchase)}


def _purchase(purchase_id: UUID) -> Purchase:
    return get_object_or_404(Purchase.objects.select_related("client"), pk=purchase_id)


def _to_purchase(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    return redirect("dashboard:purchase", slug=agency_of(request).slug, purchase_id=purchase_id)
