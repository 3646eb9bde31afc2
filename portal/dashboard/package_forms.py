"""The forms around packages. They read what was typed; what is a package, a loss and a rate is said by the core."""

import uuid

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agencies import pricing
from billing.models import Currency
from portal.dashboard.prices import read_price


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
        for name in ("credits", "price", "currency"):
            self.fields[name].widget.attrs |= {
                "hx-get": margin_url,
                "hx-trigger": "input changed delay:200ms",
                "hx-target": "#margin",
                "hx-include": "#id_credits, #id_price, #id_currency",
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
