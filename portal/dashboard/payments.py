"""Payments: the agency's Stripe keys and the webhook through which Stripe reports."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from agencies import payments
from agencies.models import Agency
from billing.stripe_gateway import EVENTS
from billing.stripe_shapes import StripeFailed
from portal.dashboard.forms import StripeForm, refuse
from portal.dashboard.roles import agency_of, owner_changes
from vault import connections, key_shapes
from vault.models import StripeConnection


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@owner_changes
def keys(request: HttpRequest) -> HttpResponse:
    """The keys, which Stripe is asked about before they are kept. Secrets are written and never shown."""
    form = StripeForm(request.POST or None)
    form.keep(_known(agency_of(request)))
    if request.method == "POST" and form.is_valid():
        try:
            payments.connect(agency_of(request), **form.cleaned_data)
        except key_shapes.WrongKey as error:
            refuse(form, error.field, error.sentence)
        except (payments.AccountHasOpenPurchases, StripeFailed) as error:
            refuse(form, "secret_key", str(error))
        else:
            messages.success(request, _("Saved. Stripe knows these keys."))
            return redirect("dashboard:payments", slug=agency_of(request).slug)
    return _page(request, form)


@require_POST
@owner_changes
def set_up_webhook(request: HttpRequest) -> HttpResponse:
    """Have us make the webhook at Stripe."""
    agency = agency_of(request)
    try:
        payments.set_up_webhook(agency)
    except connections.NotConnected:
        return _page(request, StripeForm(), _("Save your secret key first. With it we can set the webhook up."))
    except StripeFailed as error:
        return _page(request, StripeForm(), str(error))
    messages.success(request, _("Done. Stripe reports to us from now on."))
    return redirect("dashboard:payments", slug=agency.slug)


def _page(request: HttpRequest, form: StripeForm, webhook_problem: str = "") -> HttpResponse:
    agency = agency_of(request)
    known = _known(agency)
    form.keep(known)
    context = {
        "form": form,
        "known": known,
        "webhook_url": payments.webhook_url(agency),
        "webhook_problem": webhook_problem,
        "events": EVENTS,
        "nav": "payments",
    }
    return render(request, "dashboard/payments.html", context)


def _known(agency: Agency) -> StripeConnection | None:
    return StripeConnection.objects.filter(agency_id=agency.pk).first()
