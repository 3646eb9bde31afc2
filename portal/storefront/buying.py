"""Buying credits: choose a package, pay at Stripe, come back to a page that says what is happening."""

import re
from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agencies import watch
from billing import own_prices, packages, purchases, wallets
from billing.models import Package, Purchase
from portal import money_words, receipts, wording
from portal.storefront import payments
from portal.storefront.access import agency_of, client_page
from portal.visiting import works_while_looking

State = Purchase.State
LATEST = 50
# A payment page is left or paid within minutes: that long its purchase is looked at every two seconds.
_MINUTES_OF_HURRY = 10
_SESSION_ID = re.compile(r"[A-Za-z0-9_]{1,255}")


class BuyForm(forms.Form):
    form_token = forms.UUIDField(widget=forms.HiddenInput)
    # The price that stood beside the button.
    seen = forms.IntegerField(required=False)


@require_GET
@client_page
def offers(request: HttpRequest) -> HttpResponse:
    """The packages on sale, each compared with the dearest price for a credit."""
    context = {
        "nav": "buy",
        "offers": _compared_for(request, packages.listed()),
        "is_stopped": watch.stops_now(agency_of(request).pk),
        "form_token": uuid4(),
        "has_bought": Purchase.objects.filter(client_id=request.client.pk).exists(),  # type: ignore[attr-defined]
    }
    return render(request, "storefront/buy.html", context)


@require_http_methods(["GET", "POST"])
@client_page
def choose(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """One package by its own address, hidden ones too; sent, it starts a purchase and goes to Stripe's Checkout.

    The same form sent twice leads to the same Checkout.
    """
    if request.method != "POST":
        return _offer(request, package_id)
    form = BuyForm(request.POST)
    if not form.is_valid():
        return redirect("storefront:buy")
    try:
        typed = form.cleaned_data
        return redirect(
            payments.begin(request, package_id=package_id, form_token=typed["form_token"], seen_minor=typed["seen"])
        )
    except own_prices.PriceChanged:
        messages.info(request, _("The price has changed meanwhile. Nothing was charged; this is the price now."))
        return redirect("storefront:buy_package", package_id=package_id)
    except packages.NotOnSale:
        messages.info(request, _("This package is not for sale any more. Here is what there is now."))
    except purchases.PurchaseClosed as closed:
        return redirect("storefront:purchase", purchase_id=closed.args[0])
    except purchases.FormTokenUsed:
        messages.info(request, _("Please choose a package again."))
    except (purchases.ClientSuspended, payments.NotPossibleNow, watch.SellingStopped) as refused:
        messages.error(request, payments.sentence(refused))
    return redirect("storefront:buy")


@require_GET
@client_page(also_when_off=True)
def came_back(request: HttpRequest) -> HttpResponse:
    """Where Stripe sends people who have paid. A session that is not this client's own is nothing."""
    session_id = request.GET.get("session_id", "")
    if not _SESSION_ID.fullmatch(session_id):
        raise Http404
    try:
        found = purchases.by_session(client_id=request.client.pk, session_id=session_id)  # type: ignore[attr-defined]
    except Purchase.DoesNotExist as error:
        raise Http404 from error
    return redirect("storefront:purchase", purchase_id=found.pk)


@require_GET
@client_page(also_when_off=True)
def left(request: HttpRequest, form_token: UUID) -> HttpResponse:
    """Where Stripe sends people who have left the payment page without paying."""
    found = get_object_or_404(Purchase, form_token=form_token, client_id=request.client.pk)  # type: ignore[attr-defined]
    response = redirect("storefront:purchase", purchase_id=found.pk)
    response["Location"] += "?left"
    return response


@require_GET
@client_page(also_when_off=True)
def purchase(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """How a purchase stands. Asks Stripe when it is opened, then looks again by itself until it is decided."""
    found = _own(request, purchase_id)
    if found.state == State.PENDING and not request.htmx:  # type: ignore[attr-defined]
        found = payments.look(request, found)
    age = timezone.now() - found.created_at
    context = {
        "nav": "buy",
        "purchase": found,
        "wallet": wallets.get(request.client.pk),  # type: ignore[attr-defined]
        "was_left": "left" in request.GET and not found.awaiting_bank,
        "every": 2 if age.total_seconds() < 60 * _MINUTES_OF_HURRY and not found.awaiting_bank else 30,
        "are_yours": wording.credits_are_yours(found),
        "returned": money_words.for_client(found),
        "is_lost": found.state == State.DISPUTED and not found.disputes.exclude(status="lost").exists(),
        "lines": receipts.lines(found),
        "steps": wording.purchase_steps(found),
    }
    return render(request, "storefront/_purchase.html" if request.htmx else "storefront/purchase.html", context)  # type: ignore[attr-defined]


@works_while_looking
@require_POST
@client_page(also_when_off=True)
def check(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """*Check my payment*: the page asks Stripe when it is opened, so it is opened again."""
    return redirect("storefront:purchase", purchase_id=_own(request, purchase_id).pk)


@require_POST
@client_page(also_when_off=True)
def cancel(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """Close the payment page of a purchase that is not paid, so that nobody can pay it by mistake."""
    found = _own(request, purchase_id)
    try:
        payments.cancel(request, found)
    except payments.NotPossibleNow:
        messages.error(request, _("It could not be cancelled right now, and nothing was charged. It ends by itself."))
    return redirect("storefront:purchase", purchase_id=found.pk)


@require_GET
@client_page(also_when_off=True)
def receipt(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """The receipt of a paid purchase, to be printed."""
    found = _own(request, purchase_id)
    if found.paid_at is None:
        raise Http404
    context = {
        "nav": "buy",
        "purchase": found,
        "client": request.client,  # type: ignore[attr-defined]
        "paid": receipts.full_moment(found.paid_at),
        "lines": receipts.paper_lines(found),
    }
    return render(request, "storefront/receipt.html", context)


@require_GET
@client_page(also_when_off=True)
def history(request: HttpRequest) -> HttpResponse:
    """The client's purchases, newest first, each with how it stands."""
    found = Purchase.objects.filter(client_id=request.client.pk).order_by("-created_at")[:LATEST]  # type: ignore[attr-defined]
    bought = [
        {"purchase": each, "meta": wording.moment(each.created_at), "price": wording.price_paid(each)} for each in found
    ]
    return render(request, "storefront/purchases.html", {"nav": "buy", "bought": bought})


def compared(on_sale: Iterable[Package], own: Mapping[UUID, int] | None = None) -> list[dict[str, object]]:
    """Each package with its price, that for one credit in micro-units, and what it saves against the dearest.

    `own` are prices of the reader's own, in minor units by package; `usual_minor` is what others pay then. What has no
    credits has no price for one.
    """
    shown = list(on_sale)
    prices = {package.pk: (own or {}).get(package.pk, package.price_minor) for package in shown}
    each = {package.pk: prices[package.pk] * 10_000 // package.credits for package in shown if package.credits}
    dearest: dict[str, int] = {}
    for package in shown:
        dearest[package.currency] = max(dearest.get(package.currency, 0), each.get(package.pk, 0))
    return [
        {
            "package": package,
            "price_minor": prices[package.pk],
            "usual_minor": package.price_minor if prices[package.pk] < package.price_minor else None,
            "meaning": wording.credits_sold(package.credits, package.lifetime_days),
            "per_credit_micro": each.get(package.pk),
            "saves_minor": dearest[package.currency] * package.credits // 10_000 - prices[package.pk],
        }
        for package in shown
    ]


def _compared_for(request: HttpRequest, on_sale: Iterable[Package]) -> list[dict[str, object]]:
    """The packages at the prices of whoever is signed in."""
    shown = list(on_sale)
    return compared(shown, own_prices.of(request.client.prices, shown))  # type: ignore[attr-defined]


def _offer(request: HttpRequest, package_id: UUID) -> HttpResponse:
    try:
        offered = _compared_for(request, [packages.on_sale(package_id)])
    except packages.NotOnSale as error:
        raise Http404 from error
    return render(request, "storefront/offer.html", {"nav": "buy", "offers": offered, "form_token": uuid4()})


def _own(request: HttpRequest, purchase_id: UUID) -> Purchase:
    return get_object_or_404(Purchase, pk=purchase_id, client_id=request.client.pk)  # type: ignore[attr-defined]
