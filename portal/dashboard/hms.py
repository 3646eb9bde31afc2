"""HMS: the agency's key, and the minutes behind it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agencies import minutes
from hms_client import HMSError
from portal.dashboard.forms import HmsForm
from portal.dashboard.roles import agency_of, manager_changes, owner_changes
from vault.models import HMSConnection


@require_http_methods(["GET", "POST"])
@owner_changes
def connection(request: HttpRequest) -> HttpResponse:
    """The key, which is asked of HMS before it is kept, and what is left."""
    agency = agency_of(request)
    form = HmsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            minutes.connect(agency.pk, form.cleaned_data["api_key"])
        except minutes.CannotConnect as error:
            form.add_error("api_key", forms.ValidationError(str(error)))
        else:
            messages.success(request, _("Connected. Your clients' calls run on these minutes."))
            return redirect("dashboard:setup" if not agency.portal_is_on else "dashboard:hms", slug=agency.slug)
    known = HMSConnection.objects.filter(agency_id=agency.pk, api_key_sealed__isnull=False).first()
    left = known.seconds_left if known else None
    context = {"form": form, "known": known, "minutes_left": None if left is None else left // 60, "nav": "hms"}
    return render(request, "dashboard/hms.html", context)


@require_POST
@manager_changes
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask HMS again what is left."""
    agency = agency_of(request)
    try:
        minutes.refresh(agency.pk)
    except HMSError:
        messages.error(request, _("HMS did not answer. What you see is the last that it said."))
    return redirect("dashboard:hms", slug=agency.slug)
