"""HMS: the agency's key, the minutes behind it, whether they are enough, and when the owners want to hear of it."""

from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agencies import coverage, minutes, watch
from agencies.models import Agency
from calls import pace
from follow_ups import agenda
from hms_client import HMSError
from portal import wording
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import HmsForm, refuse
from portal.dashboard.gate import exchanges_keys
from portal.dashboard.hms_forms import WatchForm
from portal.dashboard.roles import agency_of, manager_changes, owner_changes
from vault.models import HMSConnection

# The chart shows a month, the table beside it what is read at a glance.
_DAYS, _ROWS = 30, 7


@exchanges_keys
@require_http_methods(["GET", "POST"])
@owner_changes
@audited("hms.connected", of=facts.hms, outside=True)
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
    return _page(request, form=form)


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


@require_POST
@owner_changes
@audited("hms.alarms_changed", of=facts.alarms)
def alarms(request: HttpRequest) -> HttpResponse:
    """Keep below which lines the owners want to hear, and whether selling stops."""
    agency = agency_of(request)
    form = WatchForm(watch.of(agency.pk), request.POST)
    if form.is_valid():
        try:
            watch.choose(agency_id=agency.pk, **form.cleaned_data)
        except watch.WatchRefused as error:
            refuse(form, error.field, str(error))
        else:
            agenda.schedule(kind=minutes.KIND)
            messages.success(request, _("Saved. We write to the owners once, whenever one of these lines is crossed."))
            return redirect("dashboard:hms", slug=agency.slug)
    return _page(request, alarms_form=form)


def _page(request: HttpRequest, *, form: HmsForm | None = None, alarms_form: WatchForm | None = None) -> HttpResponse:
    agency = agency_of(request)
    known = HMSConnection.objects.filter(agency_id=agency.pk, api_key_sealed__isnull=False).first()
    context: dict[str, Any] = {"form": form or HmsForm(), "known": known, "nav": "hms"}
    if known is not None:
        context |= _balance(agency, known) | {"alarms_form": alarms_form or WatchForm(watch.of(agency.pk))}
    return render(request, "dashboard/hms.html", context)


def _balance(agency: Agency, known: HMSConnection) -> dict[str, Any]:
    """What is left, what was left each day, and whether it is enough."""
    seen = coverage.with_left(known.seconds_left)
    days = minutes.readings(agency.pk, days=_DAYS)
    points = [{"label": wording.day(on), "value": max(0, left) // 60} for on, left in days]
    highest = max((left // 60 for _on, left in days), default=0)
    changes = {on: later - earlier for (_before, earlier), (on, later) in pairwise(days)}
    return {
        "seen": seen,
        "below": {alarm.value for alarm in watch.below(agency.pk, seen)},
        "minutes_left": None if known.seconds_left is None else known.seconds_left // 60,
        "minutes_this_month": None if known.seconds_this_month is None else known.seconds_this_month // 60,
        "minutes_a_day": -(-seen.seconds_a_day // 60),
        "minutes_missing": -(-seen.missing // 60),
        "points": points,
        "highest": highest,
        "readings": [
            {"day": wording.day(on), "minutes": left // 60, "change": changes.get(on)}
            for on, left in days[: -_ROWS - 1 : -1]
        ],
        "hours_late": int(pace.QUIET.total_seconds()) // 3600,
    }
