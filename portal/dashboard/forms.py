"""The forms of a dashboard. They read what was typed; the rules are in the core, and so are the refusals."""

import uuid
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies import welcome
from billing import credits
from billing.models import Currency
from branding.models import COLOUR
from portal.dashboard.prices import read_price
from vault.models import StripeConnection

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise


def refuse(form: forms.Form, field: str, sentence: str) -> None:
    """Put what a rule of the core says beside the field it is about, or above the form."""
    names = {"price_minor": "price"}
    name = names.get(field, field)
    form.add_error(name if name in form.fields else None, forms.ValidationError(sentence))


class Colour(forms.CharField):
    """A colour that can be picked or typed."""

    def __init__(self, label: "Words", help_text: "Words" = "") -> None:
        widget = forms.TextInput({"type": "color"})
        super().__init__(label=label, help_text=help_text, max_length=7, validators=[COLOUR], widget=widget)


class BrandForm(forms.Form):
    company_name = forms.CharField(label=_("Company name"), max_length=80)
    primary_color = Colour(_("Main colour"), _("Buttons, links and your initials."))
    accent_color = Colour(_("Second colour"), _("Highlights."))
    support_email = forms.EmailField(
        label=_("Support e-mail"), required=False, help_text=_("Your clients' answers to our mails go here.")
    )
    privacy_url = forms.URLField(label=_("Privacy page"), required=False, assume_scheme="https")
    terms_url = forms.URLField(label=_("Terms page"), required=False, assume_scheme="https")
    imprint_url = forms.URLField(label=_("Imprint"), required=False, assume_scheme="https")

    def watch(self, preview_url: str) -> None:
        """Show at `preview_url` how the colours read, while they are being chosen."""
        for name in ("primary_color", "accent_color"):
            self.fields[name].widget.attrs |= {
                "hx-get": preview_url,
                "hx-trigger": "input changed delay:200ms",
                "hx-target": "#brand_preview",
                "hx-include": "#id_primary_color, #id_accent_color",
                "hx-sync": "#brand_preview:replace",
            }


class AllocateForm(forms.Form):
    """Credits for a client. The token makes that the same form sent twice counts once."""

    amount = forms.CharField(
        label=_("Credits"),
        max_length=20,
        error_messages={"required": _("Say how many credits.")},
        help_text=_("A minus takes credits away."),
        widget=forms.TextInput({"inputmode": "text", "placeholder": "10", "autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=200,
        error_messages={"required": _("Say what it is for. Your client reads it on the statement.")},
        help_text=_("Your client reads it on the statement, for example “Invoice 2024-001”."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_amount(self) -> int:
        """In seconds."""
        try:
            return credits.parse(self.cleaned_data["amount"])
        except credits.BadCredits as error:
            raise forms.ValidationError(str(error)) from error


class KeyForm(forms.Form):
    """The key of a client's organization, pasted from HMS."""

    api_key = forms.CharField(label=_("Key of this organization"), max_length=300, widget=forms.PasswordInput)


def _secret(label: "Words", help_text: "Words", *, required: bool = True) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=300, widget=widget)


class HmsForm(forms.Form):
    api_key = _secret(_("HMS key"), _("In HMS: Settings, API Keys. It starts with fl_."))


class StripeForm(forms.Form):
    publishable_key = forms.CharField(
        label=_("Publishable key"),
        help_text=_("In Stripe: Developers, API keys. It starts with pk_live_ or pk_test_."),
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    secret_key = _secret(
        _("Secret key"), _("It starts with sk_ or rk_. We store it encrypted and never show it again.")
    )
    webhook_secret = _secret(
        _("Webhook signing secret"),
        _("It starts with whsec_. Leave it empty when we set the webhook up for you."),
        required=False,
    )

    def keep(self, stored: StripeConnection | None) -> None:
        """A key that is stored need not be typed again."""
        self.fields["secret_key"].required = stored is None or stored.secret_key_sealed is None
        if stored is not None:
            self.fields["publishable_key"].initial = stored.publishable_key


class WelcomeForm(forms.Form):
    """Credits that every new client gets."""

    prefix = "welcome"
    credits = forms.IntegerField(label=_("Credits for every new client"), min_value=0, max_value=welcome.MOST_CREDITS)


class PackageForm(forms.Form):
    """A package. The price is typed as people write it and read as minor units by the core."""

    name = forms.CharField(label=_("Name"), max_length=80, initial=_("100 credits"))
    credits = forms.IntegerField(label=_("Credits"), min_value=1, max_value=1_000_000, initial=100)
    price = forms.CharField(
        label=_("Price"), max_length=20, widget=forms.TextInput({"inputmode": "decimal", "placeholder": "40.00"})
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=Currency.choices)
    is_recommended = forms.BooleanField(label=_("Recommend it"), required=False)
    is_active = forms.BooleanField(label=_("On sale"), required=False, initial=True)
    stripe_product_id = forms.CharField(
        label=_("Stripe product"),
        required=False,
        max_length=64,
        help_text=_("prod_... Leave both empty: we make them."),
    )
    stripe_price_id = forms.CharField(label=_("Stripe price"), required=False, max_length=64, help_text="price_...")

    # Set when the package was kept although Stripe did not agree with it.
    saved_id: uuid.UUID | None = None
    action = ""

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
