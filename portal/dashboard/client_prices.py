"""What one client pays for each package, and what it has earned the agency."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from agencies import client_earnings, pricing
from agencies.models import Agency
from billing import own_prices
from billing.models import Package
from clients.models import Client
from portal.dashboard import facts, rows
from portal.dashboard.audited import audited
from portal.dashboard.prices import read_price, written_price
from portal.dashboard.roles import agency_of, manager_changes
from portal.storefront.access import in_test_mode
from portal.templatetags.figures import money, percent


class PricesForm(forms.Form):
    """One field for each package; empty means the usual price."""

    accepts_loss = forms.BooleanField(label=gettext_lazy("Sell at a loss to this client"), required=False)

    def __init__(self, agency: Agency, client: Client, packages: list[Package], typed: object = None) -> None:
        super().__init__(typed)  # type: ignore[arg-type]
        self.packages, self.loss = packages, ""
        own = own_prices.of(client.prices, packages)
        for package in packages:
            self.fields[name_of(package.pk)] = forms.CharField(
                label=_("%(package)s, in %(currency)s")
                % {"package": package.name, "currency": package.get_currency_display()},
                required=False,
                max_length=20,
                initial=written_price(own[package.pk]) if package.pk in own else "",
                help_text=_explained(agency, package, own.get(package.pk)),
                widget=forms.TextInput(
                    {
                        "inputmode": "decimal",
                        "autocomplete": "off",
                        "placeholder": written_price(package.price_minor),
                    }
                ),
            )

    def prices(self) -> dict[UUID, int | None]:
        """What was typed, in minor units by package. What is no price stands as an error beside its field."""
        found: dict[UUID, int | None] = {}
        for package in self.packages:
            name = name_of(package.pk)
            text = str(self.cleaned_data.get(name, "")).strip()
            found[package.pk] = read_price(text) if text else None
            if text and found[package.pk] is None:
                self.add_error(name, _("Type a price such as 40 or 40.00."))
        return found

    def shown(self) -> list[forms.BoundField]:
        """The fields of the packages, and the question about a loss once it has to be asked."""
        return [self[name_of(package.pk)] for package in self.packages]


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("prices.changed", of=facts.own_prices)
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """The prices of one client, and what came of them month by month."""
    client, agency = get_object_or_404(Client, pk=client_id), agency_of(request)
    packages = list(Package.objects.filter(is_active=True))
    form = PricesForm(agency, client, packages, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _saved(agency, client, form):
        messages.success(request, _("Saved. They hold from the next purchase on."))
        return redirect("dashboard:client_prices", slug=agency.slug, client_id=client.pk)
    context = {
        "client": client,
        "form": form,
        "months": _months(agency, client, livemode=not in_test_mode(agency)),
        "nav": "clients",
    }
    return render(request, "dashboard/client_prices.html", context)


def name_of(package_id: UUID) -> str:
    """The field of a package."""
    return f"price_{package_id.hex}"


def _saved(agency: Agency, client: Client, form: PricesForm) -> bool:
    prices = form.prices()
    if form.errors:
        return False
    try:
        pricing.save_own_prices(
            agency, client_id=client.pk, prices=prices, accepts_loss=form.cleaned_data["accepts_loss"]
        )
    except own_prices.OwnPricesRefused as refused:
        for package_id, sentence in refused.errors.items():
            form.add_error(name_of(package_id), forms.ValidationError(sentence))
    except pricing.LosesMoney as losing:
        currency = next((package.currency for package in form.packages), "eur")
        form.loss = _("One of these prices costs you more than it brings in: %(loss)s each time.") % {
            "loss": money(-losing.margin.profit_minor, currency)
        }
        form.add_error("accepts_loss", _("Say that this is meant, or type another price."))
    return not form.errors


def _explained(agency: Agency, package: Package, own_minor: int | None) -> str:
    """Beside the field: what others pay, and what this client's price earns."""
    usual = _("Usually %(price)s.") % {"price": money(package.price_minor, package.currency)}
    price_minor = package.price_minor if own_minor is None else own_minor
    earned = pricing.margin_of(agency, price_minor=price_minor, credits=package.credits, currency=package.currency)
    if earned is None:
        return usual
    said = _("Earns %(profit)s of %(price)s, %(margin)s.") % {
        "profit": money(earned.profit_minor, package.currency),
        "price": money(price_minor, package.currency),
        "margin": percent(earned.basis_points // 10),
    }
    return f"{usual} {said}"


def _months(agency: Agency, client: Client, *, livemode: bool) -> list[dict[str, Any]]:
    return [
        {
            "month": month,
            "income": rows.of_sums(month.income_minor),
            "cost": money(month.cost_minor, "eur"),
            "profit": "" if month.profit_minor is None else money(month.profit_minor, month.currency),
            "margin": "" if month.permille is None else percent(month.permille),
        }
        for month in client_earnings.months(agency, client.pk, livemode=livemode)
    ]
