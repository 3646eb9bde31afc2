"""Packages: what clients can buy, in which order, with what each one earns."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agencies import call_terms, payments, pricing, welcome
from agencies.models import Agency
from billing import margin as margins
from billing import packages
from billing.margin import Margin
from billing.models import Currency, Package
from billing.stripe_shapes import StripeFailed
from domains import links
from portal import wording
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import WelcomeForm, refuse
from portal.dashboard.package_forms import PackageForm, RateForm, WhatIfForm
from portal.dashboard.prices import read_price, written_price
from portal.dashboard.roles import agency_of, manager_changes
from portal.templatetags.figures import money, percent


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """All packages in the agency's order, and what a new client gets."""
    return _table(request)


@require_POST
@manager_changes
@audited("rate.changed", of=facts.agency)
def rate(request: HttpRequest, currency: str) -> HttpResponse:
    """Keep what one euro is in another currency, for the margins of packages in it."""
    agency = agency_of(request)
    if currency not in pricing.OTHER_CURRENCIES:
        raise Http404
    form = RateForm(Currency(currency), pricing.rate(agency, currency), request.POST)
    if form.is_valid():
        try:
            typed = form.cleaned_data
            pricing.save_rate(agency, currency=currency, micro=typed["rate"], on=typed["on"])
        except pricing.RateRefused as error:
            refuse(form, "on", str(error))
        else:
            messages.success(request, _("Saved. The margins below use this rate."))
            return redirect("dashboard:packages", slug=agency.slug)
    return _table(request, form)


@require_POST
@manager_changes
@audited("package.moved", of=facts.packages)
def move(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Let a package change places with its neighbour."""
    try:
        packages.move(package_id=package_id, up=request.POST.get("way") == "up")
    except Package.DoesNotExist as error:
        raise Http404 from error
    return redirect("dashboard:packages", slug=agency_of(request).slug)


@require_POST
@manager_changes
@audited("welcome.changed", of=facts.agency)
def welcome_credits(request: HttpRequest) -> HttpResponse:
    """Say how many credits every new client gets."""
    form = WelcomeForm(request.POST)
    if not form.is_valid():
        return _table(request, welcome_form=form)
    number = form.cleaned_data["credits"]
    try:
        welcome.set_credits(agency_of(request).pk, number)
    except welcome.OutOfBounds as error:
        refuse(form, "credits", str(error))
        return _table(request, welcome_form=form)
    said = _("Saved. Every new client gets %(credits)s credits.") % {"credits": number}
    messages.success(request, said if number else _("Saved. New clients begin with nothing."))
    return redirect("dashboard:packages", slug=agency_of(request).slug)


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("package.added", of=facts.packages, outside=True)
def new(request: HttpRequest) -> HttpResponse:
    """Add a package."""
    if "suppose" in request.POST:
        return _edit(request, _supposing(request), None)
    return _edit(request, PackageForm(request.POST or None), None)


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("package.changed", of=facts.packages, outside=True)
def edit(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Change a package. What was bought before stays as it was bought."""
    package = get_object_or_404(Package, pk=package_id)
    initial = {name: getattr(package, name, None) for name in PackageForm.base_fields}
    initial["price"] = written_price(package.price_minor)
    if "suppose" in request.POST:
        return _edit(request, _supposing(request), package)
    return _edit(request, PackageForm(request.POST or None, initial=initial), package)


def _supposing(request: HttpRequest) -> PackageForm:
    """What was typed, neither judged nor kept: somebody only works out what would be left."""
    return PackageForm(initial={name: request.POST.get(name, "") for name in PackageForm.base_fields})


@require_GET
def margin(request: HttpRequest) -> HttpResponse:
    """What a package would earn, while it is typed in."""
    return render(request, "dashboard/_margin.html", _margin_of(agency_of(request), request.GET))


def _table(
    request: HttpRequest, refused: RateForm | None = None, *, welcome_form: WelcomeForm | None = None
) -> HttpResponse:
    agency = agency_of(request)
    cost = call_terms.cost_micro_per_minute(agency.pk)
    rows = [_row(agency, package, cost) for package in Package.objects.all()]
    rates = [
        refused
        if refused is not None and refused.currency == currency
        else RateForm(currency, pricing.rate(agency, currency))
        for currency in pricing.OTHER_CURRENCIES
    ]
    needed = any(row["package"].currency != Currency.EUR for row in rows)
    context = {
        "rows": rows,
        "rates": rates,
        "is_open": needed or refused is not None,
        "welcome_form": welcome_form or WelcomeForm(initial={"credits": agency.welcome_credits}),
        "welcome_credits": agency.welcome_credits,
        "welcome_cost_micro": welcome.cost_micro(agency.welcome_credits, cost_micro_per_minute=cost),
        "per_credit_micro": welcome.cost_micro(1, cost_micro_per_minute=cost),
        "nav": "packages",
    }
    return render(request, "dashboard/packages.html", context)


def _edit(request: HttpRequest, form: PackageForm, package: Package | None) -> HttpResponse:
    agency = agency_of(request)
    margin_url = reverse("dashboard:package_margin", args=[agency.slug])
    form.watch(margin_url)
    if form.is_valid():
        saved = _saved(agency, form, package)
        if saved is not None:
            messages.success(request, _words(saved))
            return redirect("dashboard:packages", slug=agency.slug)
        if form.saved_id is not None:
            package = Package.objects.get(pk=form.saved_id)
    if package is not None and form.saved_id is not None:
        # Kept, though Stripe did not agree: the next try changes this one and adds no other.
        form.action = reverse("dashboard:package", args=[agency.slug, package.pk])
    shown = {name: form[name].value() for name in ("price", "credits", "currency")}
    what_if = WhatIfForm(request.POST, margin_url=margin_url, form="package-form")
    context = {"form": form, "what_if": what_if, "package": package, "nav": "packages"}
    context |= _margin_of(agency, request.POST.dict() | shown)
    if package is not None:
        path = reverse("storefront:buy_package", "portal.urls_portal", [package.pk])
        context["address"] = links.portal(agency.pk, path)
    return render(request, "dashboard/package.html", context)


def _saved(agency: Agency, form: PackageForm, package: Package | None) -> Package | None:
    """The package, kept and proved; None when the form says what is wrong."""
    typed = dict(form.cleaned_data)
    price_minor = typed.pop("price")
    try:
        kept = pricing.save_package(
            agency, package_id=package.pk if package else None, price_minor=price_minor, **typed
        )
    except pricing.LosesMoney:
        form.shows_loss = True
        return None
    except packages.PackageRefused as error:
        for field, sentence in error.errors.items():
            refuse(form, field, sentence)
        return None
    form.saved_id = kept.pk
    try:
        payments.prove_package(agency, kept.pk)
    except packages.PriceDoesNotFit as error:
        refuse(form, error.field, error.sentence)
        return None
    except StripeFailed as error:
        refuse(form, "", str(error))
        return None
    kept.refresh_from_db()
    return kept


def _row(agency: Agency, package: Package, cost_micro: int) -> dict[str, Any]:
    earned = pricing.margin_of(
        agency,
        price_minor=package.price_minor,
        credits=package.credits,
        currency=package.currency,
        cost_micro=cost_micro,
    )
    sold = wording.credits_sold(package.credits, package.lifetime_days, with_minutes=False)
    return {"package": package, "meta": f"{sold} · {_earning(package, earned)}"}


def _earning(package: Package, earned: Margin | None) -> str:
    if earned is None:
        return _("no exchange rate yet")
    profit, share = money(earned.profit_minor, package.currency), percent(earned.basis_points // 10)
    return _("you earn %(profit)s (%(share)s)") % {"profit": profit, "share": share}


def _words(package: Package) -> str:
    if package.price_proved_at is None:
        return _("Saved. It goes on sale when your Stripe key is there.")
    return _("Saved. Stripe has confirmed the price.") if package.is_active else _("Saved. It is not on sale.")


def _margin_of(agency: Agency, typed: Any) -> dict[str, Any]:
    """The margin of what was typed so far; none while it is no price and no amount of credits."""
    price, credits = read_price(str(typed.get("price") or "")), str(typed.get("credits") or "")
    currency = str(typed.get("currency") or "eur")
    number = int(credits[:9]) if credits.isdecimal() else -1
    if not price or not 0 <= number <= packages.MOST_CREDITS or currency not in Currency.values:
        return {"margin": None}
    shown = pricing.margin_of(agency, price_minor=price, credits=number, currency=currency)
    per_credit = -(-price * margins.MICRO_PER_MINOR // number) if number else None
    known = pricing.rate(agency, currency) if currency != Currency.EUR else None
    return {
        "margin": shown,
        "needs_rate": shown is None,
        "rate": known,
        "per_credit_micro": per_credit,
        "currency": currency,
        "permille": shown.basis_points // 10 if shown else None,
        **_supposed(shown, typed),
    }


def _supposed(earned: Margin | None, typed: Any) -> dict[str, Any]:
    """What would be left of it after fees and tax; nothing where none were typed."""
    if earned is None or "sold" not in typed:
        return {}
    asked = WhatIfForm.read(typed)
    return {"supposed": margins.suppose(earned, **asked), "sold": asked["sold"]}
