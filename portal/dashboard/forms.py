"""The forms of a dashboard. They read what was typed; the rules are in the core, and so are the refusals."""

import uuid
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies import welcome
from billing import credits
from billing.models import Package
from portal.dashboard.prices import read_amount
from vault.models import StripeConnection

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise


def refuse(form: forms.Form, field: str, sentence: str) -> None:
    """Put what a rule of the core says beside the field it is about, or above the form."""
    names = {"price_minor": "price"}
    name = names.get(field, field)
    form.add_error(name if name in form.fields else None, forms.ValidationError(sentence))


class SlugForm(forms.Form):
    """Another slug for the portal. `seen` is the one whose consequences were on the page when it was sent."""

    slug = forms.CharField(
        label=_("New portal address"),
        max_length=60,
        error_messages={"required": _("Type the address that you want.")},
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "maxlength": "50"}
        ),
    )
    seen = forms.CharField(required=False, max_length=60)

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower()

    @property
    def was_seen(self) -> bool:
        """Whether whoever sent it had read what exactly this slug changes."""
        return bool(self.cleaned_data["seen"] == self.cleaned_data["slug"])

    def watch(self, check_url: str) -> None:
        """Show at `check_url` whether it is free and what it changes, while it is typed in."""
        self.fields["slug"].widget.attrs |= {
            "hx-get": check_url,
            "hx-trigger": "input changed delay:300ms",
            "hx-target": "#slug_effect",
            "hx-sync": "#slug_effect:replace",
        }


class DomainForm(forms.Form):
    domain = forms.CharField(
        label=_("Your domain"),
        max_length=500,
        error_messages={"required": _("Enter your domain, such as portal.example.com.")},
        help_text=_("A name that nothing else uses yet. Your website stays where it is."),
        widget=forms.TextInput(
            {
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "inputmode": "url",
                "placeholder": "portal.acme.com",
            }
        ),
    )


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


class RefundForm(forms.Form):
    """Money of a purchase that is given back. `seen` is the amount whose effect was on the page when it was sent."""

    amount = forms.CharField(
        label=_("Amount"),
        max_length=20,
        error_messages={"required": _("Say how much.")},
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Say why. Your team reads it later.")},
        help_text=_("For your team. Your client does not read it."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    seen = forms.CharField(required=False, max_length=20)
    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_amount(self) -> int:
        """In minor units."""
        minor = read_amount(self.cleaned_data["amount"])
        if minor is None:
            raise forms.ValidationError(_("Type an amount such as 10 or 10.50."))
        return minor

    @property
    def was_seen(self) -> bool:
        """Whether whoever sent it had read what exactly this amount does."""
        return bool(self.cleaned_data["seen"] == str(self.cleaned_data["amount"]))

    def watch(self, effect_url: str) -> None:
        """Show at `effect_url` what the amount does, while it is typed in."""
        self.fields["amount"].widget.attrs |= {
            "hx-get": effect_url,
            "hx-trigger": "input changed delay:200ms",
            "hx-target": "#effect",
            "hx-sync": "#effect:replace",
        }

    def refuse(self, field: str | None, sentence: str) -> None:
        """Say what was refused. A token is for one refund: what is sent next is another one."""
        self.add_error(field, forms.ValidationError(sentence))
        self.data = {**self.data.dict(), "form_token": str(uuid.uuid4())}  # type: ignore[attr-defined]


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
        _("Secret or restricted key"),
        _("It starts with rk_ (recommended) or sk_. We store it encrypted and never show it again."),
    )
    stripe_product_id = forms.CharField(
        label=_("Product id"),
        help_text=_("In Stripe: Product catalogue, your product. It starts with prod_."),
        required=False,
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "placeholder": "prod_..."}),
    )
    stripe_price_id = forms.CharField(
        label=_("Price id"),
        help_text=_("On the product's page, beside the price. Leave both empty, and we make them."),
        required=False,
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "placeholder": "price_..."}),
    )
    webhook_secret = _secret(
        _("Webhook signing secret"),
        _("It starts with whsec_. Leave it empty when we set the webhook up for you."),
        required=False,
    )

    # Shown while test credits are left: whoever pastes live keys agrees to it, and no secret is typed twice.
    removes_test_credits = forms.BooleanField(label=_("Remove the test credits"), required=False)

    def keep(self, stored: StripeConnection | None, package: Package | None) -> None:
        """A key that is stored need not be typed again; product and price are those of the first package."""
        self.fields["secret_key"].required = stored is None or stored.secret_key_sealed is None
        if stored is not None:
            self.fields["publishable_key"].initial = stored.publishable_key
        if package is not None:
            self.fields["stripe_product_id"].initial = package.stripe_product_id
            self.fields["stripe_price_id"].initial = package.stripe_price_id


class WelcomeForm(forms.Form):
    """Credits that every new client gets."""

    prefix = "welcome"
    credits = forms.IntegerField(label=_("Credits for every new client"), min_value=0, max_value=welcome.MOST_CREDITS)
