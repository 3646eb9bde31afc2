"""Leaving: everything of the agency as one archive, closing the agency, taking that back. For owners alone."""

from datetime import timedelta
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from agencies import own_domains
from agencies.models import Agency
from billing.models import Wallet
from leaving import closing, exports
from portal import wording
from portal.dashboard import exporting, facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import actor_of, agency_of, owner_changes

# A mail or a restart may keep an archive waiting; longer than this, the page says so.
_LATE = timedelta(minutes=10)


class CloseForm(forms.Form):
    """Typing the slug is what says that it is meant."""

    slug = forms.CharField(
        label=gettext_lazy("Type your portal's address to confirm"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What can be taken along, how far it is, and how to close the agency."""
    return _page(request)


@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """How far the archive is, for a page that waits."""
    return render(request, "dashboard/_export.html", exporting.shown(agency_of(request)))


@asks_again
@require_POST
@owner_changes
@audited("export.everything")
def export(request: HttpRequest) -> HttpResponse:
    """Have the archive made, or go on with the one that is being made."""
    exports.ask(agency_id=agency_of(request).pk, asked_by=actor_of(request).as_json())
    return redirect("dashboard:leaving", slug=agency_of(request).slug)


@asks_again
@require_POST
@owner_changes
@audited("export.fetched", tells=True)
def fetch(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """The archive itself. By POST, so that whoever fetches it is asked who they are."""
    return exporting.archive(request, export_id, name=agency_of(request).slug)


@asks_again
@require_POST
@owner_changes
@audited("agency.closed", of=facts.closing)
def close(request: HttpRequest) -> HttpResponse:
    """Close the agency, once its slug was typed."""
    agency = agency_of(request)
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        closed = closing.close(agency_id=agency.pk, typed=form.cleaned_data["slug"], now=timezone.now())
    except closing.NotTheSlug as error:
        refuse(form, "slug", str(error))
        return _page(request, form)
    words = _("Closed. Everything stays until %(day)s; until then you can take it back.")
    messages.success(request, words % {"day": _day(closed)})
    return redirect("dashboard:leaving", slug=agency.slug)


@asks_again
@require_POST
@owner_changes
@audited("agency.kept", of=facts.closing)
def take_back(request: HttpRequest) -> HttpResponse:
    """Keep the agency after all."""
    try:
        closing.take_back(agency_id=agency_of(request).pk)
    except closing.TooLate:
        messages.info(request, _("This agency is not closed."))
    else:
        messages.success(request, _("Your agency stays. The portal is still off: switch it on when you are ready."))
    return redirect("dashboard:leaving", slug=agency_of(request).slug)


def _page(request: HttpRequest, form: CloseForm | None = None) -> HttpResponse:
    agency = agency_of(request)
    context = {
        **exporting.shown(agency),
        "form": form or CloseForm(),
        "closes_on": _day(agency),
        "grace_days": settings.CLOSING_GRACE_DAYS,
        "on_its_way": closing.on_its_way(agency.pk),
        "held": Wallet.objects.filter(balance__gt=0).aggregate(held=Sum("balance"))["held"],
        "own_domains": [each.shown for each in own_domains.own(agency.pk)],
        "nav": "team",
        "section": "leaving",
    }
    return render(request, "dashboard/leaving.html", context)


def _day(agency: Agency) -> str:
    return wording.day(wording.day_of(agency.closes_at)) if agency.closes_at else ""
