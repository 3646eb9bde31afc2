"""The forms around packages. They read what was typed; what is a package, a loss and a rate is said by the core."""

import uuid
from collections.abc import Iterable, Mapping

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agencies import pricing
from billing.models import Currency
from portal.dashboard.prices import read_price


def _decimal(example: str) -> forms.TextInput:
    return forms.TextInput({"inputmode": "decimal", "placeholder": example})


class PackageForm(forms.Form):
    """A package. The price is typed as people write it and read as minor units by the core."""

    name = forms.CharField(label=_("Name"), max_length=80, initial=_("100 credits"))
    description = forms.CharField(
        label=_("Description"), required=False, max_length=200, help_text=_("One line that buyers read below the name.")
    )
    credits = forms.IntegerField(
        label=_("Credits"),
        min_value=0,
        max_value=1_000_000,
        initial=100,
        help_text=_("0 for what has none, such as a set-up fee."),
    )
    price = forms.CharField(
        label=_("Price"), max_length=20, widget=forms.TextInput({"inputmode": "decimal", "placeholder": "40.00"})
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=Currency.choices)
    lifetime_days = forms.IntegerField(
        label=_("Credits last, in days"), required=False, help_text=_("Empty: they stay for good.")
    )
    is_active = forms.BooleanField(label=_("On sale"), required=False, initial=True)
    is_hidden = forms.BooleanField(
        label=_("Hidden"), required=False, help_text=_("Only people who have its address can buy it.")
    )
    is_recommended = forms.BooleanField(label=_("Recommend it"), required=False)
    stripe_product_id = forms.CharField(
        label=_("Stripe product"),
        required=False,
        max_length=64,
        help_text=_("It starts with prod_. Leave both empty, and we make them."),
    )
    stripe_price_id = forms.CharField(
        label=_("Stripe price"), required=False, max_length=64, help_text=_("It starts with price_.")
    )
    accepts_loss = forms.BooleanField(label=_("Yes, I want to sell it at a loss"), required=False)

    # Set when the package was kept although Stripe did not agree with it.
    saved_id: uuid.UUID | None = None
    action = ""
    # Whether the loss is on the page, with the box that confirms it.
    shows_loss = False

    def clean_price(self) -> int:
        """In minor units."""
        minor = read_price(self.cleaned_data["price"])
        if minor is None:
            raise forms.ValidationError(_("Type a price such as 40 or 40.00."))
        return minor

    def watch(self, margin_url: str) -> None:
        """Show at `margin_url` what the package earns, while it is typed in."""
        _watch([self.fields[name] for name in ("credits", "price", "currency")], margin_url)


class WhatIfForm(forms.Form):
    """What may come off a price, and how often it may be paid. Nothing of it is kept."""

    tax = forms.CharField(label=_("Tax in the price, in %"), required=False, max_length=5, widget=_decimal("21"))
    fee_percent = forms.CharField(label=_("Stripe's fee, in %"), required=False, max_length=5, widget=_decimal("1.5"))
    fee_fixed = forms.CharField(label=_("And for each payment"), required=False, max_length=8, widget=_decimal("0.25"))
    sold = forms.IntegerField(
        label=_("Sold in a month"),
        min_value=1,
        max_value=200,
        initial=20,
        widget=forms.NumberInput({"type": "range", "class": "ui-slider"}),
    )

    def __init__(self, typed: Mapping[str, object], *, margin_url: str, form: str) -> None:
        known = {name: typed[name] for name in self.base_fields if name in typed}
        super().__init__(initial=known)
        _watch(list(self.fields.values()), margin_url)
        for field in self.fields.values():
            field.widget.attrs["form"] = form

    @staticmethod
    def read(typed: Mapping[str, object]) -> dict[str, int]:
        """What `billing.margin.suppose` is asked with. What cannot be read counts as nothing, and one sale."""
        sold = str(typed.get("sold") or "")
        return {
            # 1.5 % are 150 basis points, as 1.50 are 150 cents.
            "tax_basis_points": read_price(str(typed.get("tax") or "")) or 0,
            "fee_basis_points": read_price(str(typed.get("fee_percent") or "")) or 0,
            "fee_minor": read_price(str(typed.get("fee_fixed") or "")) or 0,
            "sold": min(max(int(sold[:4]), 1), 200) if sold.isdecimal() else 20,
        }


def _watch(fields: Iterable[forms.Field], margin_url: str) -> None:
    for field in fields:
        field.widget.attrs |= {
            "hx-get": margin_url,
            "hx-trigger": "input changed delay:200ms",
            "hx-target": "#margin",
            "hx-include": "#id_credits, #id_price, #id_currency, #id_tax, #id_fee_percent, #id_fee_fixed, #id_sold",
            "hx-sync": "#margin:replace",
        }


class RateForm(forms.Form):
    """What one euro is in another currency, and when it was so."""

    rate = forms.CharField(max_length=12, widget=forms.TextInput({"inputmode": "decimal"}))
    on = forms.DateField(label=_("As of"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, currency: Currency, known: pricing.Rate | None, typed: object = None) -> None:
        self.currency = currency
        initial = {"on": known.on if known else timezone.localdate(), "rate": known.typed if known else ""}
        super().__init__(typed, initial=initial, prefix=currency.value)  # type: ignore[arg-type]
        self.fields["rate"].widget.attrs["placeholder"] = "1.08" if currency == Currency.USD else "0.86"
        self.fields["rate"].label = _("One euro in %(currency)s") % {"currency": currency.label}

    def clean_rate(self) -> int:
        """In millionths."""
        try:
            return pricing.read_rate(self.cleaned_data["rate"])
        except pricing.RateRefused as error:
            raise forms.ValidationError(str(error)) from error
