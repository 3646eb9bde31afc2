"""How Checkout behaves: switches that Stripe has agreed to before a client meets them."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from agencies import checkout
from billing import checkout_options
from billing.checkout_options import Options
from billing.stripe_shapes import StripeFailed
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.roles import agency_of, owner_changes
from vault import connections


class CheckoutForm(forms.Form):
    """One field for each of billing.checkout_options.Options, by its name."""

    promotion_codes = forms.BooleanField(
        label=gettext_lazy("Take promotion codes"),
        required=False,
        help_text=gettext_lazy("You make the codes in Stripe. A discount takes no credits away."),
    )
    automatic_tax = forms.BooleanField(
        label=gettext_lazy("Add tax by Stripe Tax"),
        required=False,
        help_text=gettext_lazy("Needs Stripe Tax to be set up in your account. Stripe charges for it."),
    )
    tax_ids = forms.BooleanField(
        label=gettext_lazy("Ask businesses for their tax id"),
        required=False,
        help_text=gettext_lazy("It stands on the invoice."),
    )
    invoices = forms.BooleanField(
        label=gettext_lazy("Make an invoice for every payment"),
        required=False,
        help_text=gettext_lazy("Clients find it in their receipt. Stripe charges for it."),
    )
    card_only = forms.BooleanField(
        label=gettext_lazy("Cards only"),
        required=False,
        help_text=gettext_lazy("Off: everything that is on in your Stripe account. Bank debits take days to arrive."),
    )
    statement_suffix = forms.CharField(
        label=gettext_lazy("On the buyer's card statement"),
        required=False,
        max_length=80,
        help_text=gettext_lazy(
            "Stands behind your account's own prefix, together at most 22 letters. Empty: as it is set in Stripe."
        ),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


@require_http_methods(["GET", "POST"])
@owner_changes
@audited("checkout.changed", of=facts.checkout, outside=True)
def behaviour(request: HttpRequest) -> HttpResponse:
    """The switches. Saving has Stripe make and close a page with exactly these."""
    agency = agency_of(request)
    form = CheckoutForm(request.POST if request.method == "POST" else None, initial=checkout.options(agency).written())
    if request.method == "POST" and _saved(request, form):
        messages.success(request, _("Saved. Stripe has agreed, and the next purchase behaves like this."))
        return redirect("dashboard:checkout", slug=agency.slug)
    context = {"form": form, "has_agreed": checkout.has_agreed(agency), "nav": "checkout"}
    return render(request, "dashboard/checkout.html", context)


def _saved(request: HttpRequest, form: CheckoutForm) -> bool:
    """Whether it is kept; if not, the form says why."""
    if not form.is_valid():
        return False
    try:
        checkout.change(agency_of(request), Options(**form.cleaned_data))
    except checkout_options.OptionsRefused as refused:
        for field, sentence in refused.errors.items():
            refuse(form, field, sentence)
        return False
    except connections.NotConnected:
        refuse(form, "", _("Save your Stripe keys first: Stripe has to agree to how Checkout behaves."))
        return False
    except StripeFailed as error:
        refuse(form, "", str(error))
        return False
    return True
