"""Brand: what the agency is called, and how it looks."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from branding import appearance, colors
from branding.models import Branding
from branding.theme import Adjustment
from domains import resolver
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import BrandForm
from portal.dashboard.roles import agency_of, manager_changes


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("brand.changed", of=facts.brand)
def look(request: HttpRequest) -> HttpResponse:
    """Name, colours, support address and legal pages, with how the colours read."""
    branding = agency_of(request).branding
    form = BrandForm(request.POST or None, initial=_initial(branding))
    form.watch(reverse("dashboard:brand_preview", args=[agency_of(request).slug]))
    if request.method == "POST" and form.is_valid() and _saved(request, form):
        messages.success(request, _("Saved. Your portal wears it from now on."))
        return redirect("dashboard:brand", slug=agency_of(request).slug)
    shown = form.data if form.is_bound else _initial(branding)
    context = {"form": form, "nav": "brand", "readings": _readings(shown, branding)}
    return render(request, "dashboard/brand.html", context)


@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """How colours would read that are not saved yet."""
    branding = agency_of(request).branding
    return render(request, "dashboard/_brand_preview.html", {"readings": _readings(request.GET, branding)})


def _initial(branding: Branding) -> dict[str, str]:
    return {name: getattr(branding, name) for name in appearance.Look.__dataclass_fields__}


def _saved(request: HttpRequest, form: BrandForm) -> bool:
    try:
        appearance.save(agency_id=agency_of(request).pk, look=appearance.Look(**form.cleaned_data))
    except ValidationError as error:
        for field, sentences in error.message_dict.items():
            form.add_error(field if field in form.fields else None, forms.ValidationError(sentences))
        return False
    resolver.forget()
    return True


def _readings(shown: Any, branding: Branding) -> list[dict[str, Any]]:
    """How both colours read; the saved one stands in for what is no colour."""
    titles = {"primary_color": _("Main colour"), "accent_color": _("Second colour")}
    return [_reading(title, shown.get(field, ""), getattr(branding, field)) for field, title in titles.items()]


def _reading(title: str, color: str, saved: str) -> dict[str, Any]:
    try:
        reading = appearance.read(color)
    except colors.ColorMalformed:
        reading = appearance.read(saved)
    ratio = _ratio(reading.ratio_hundredths)
    return {"title": title, "of": reading, "ratio": ratio, "changes": [_said(one) for one in reading.changes]}


def _said(change: Adjustment) -> str:
    roles = {
        ("fill", False): _("Buttons: %(used)s at %(after)s : 1, not %(before)s : 1"),
        ("text", False): _("Links: %(used)s at %(after)s : 1, not %(before)s : 1"),
        ("edge", False): _("Edges: %(used)s at %(after)s : 1, not %(before)s : 1"),
        ("fill", True): _("Buttons in the dark: %(used)s at %(after)s : 1, not %(before)s : 1"),
        ("text", True): _("Links in the dark: %(used)s at %(after)s : 1, not %(before)s : 1"),
        ("edge", True): _("Edges in the dark: %(used)s at %(after)s : 1, not %(before)s : 1"),
    }
    figures = {"used": change.used, "after": _ratio(change.ratio_after), "before": _ratio(change.ratio_before)}
    return roles[change.role, change.is_dark] % figures


def _ratio(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}"
