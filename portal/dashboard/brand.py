"""Brand: what the agency is called, how it looks, and what that does to each page before it is saved."""

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
from portal.context import initials
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.brand_forms import BrandForm
from portal.dashboard.roles import agency_of, manager_changes


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("brand.changed", of=facts.brand)
def look(request: HttpRequest) -> HttpResponse:
    """Name, colours, support address and legal pages, with how the colours read."""
    branding = agency_of(request).branding
    form = BrandForm(request.POST or None, initial=_initial(branding))
    form.offer_languages()
    form.watch(reverse("dashboard:brand_preview", args=[agency_of(request).slug]))
    if request.method == "POST" and form.is_valid() and _saved(request, form):
        messages.success(request, _("Saved. Your portal wears it from now on."))
        return redirect("dashboard:brand", slug=agency_of(request).slug)
    shown = form.data if form.is_bound else _initial(branding)
    context = {"form": form, "nav": "brand", "part": "look", **_preview(shown, branding)}
    return render(request, "dashboard/brand.html", context)


@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """How it would look, with what is not saved yet."""
    return render(request, "dashboard/_brand_preview.html", _preview(request.GET, agency_of(request).branding))


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


def _preview(shown: Any, branding: Branding) -> dict[str, Any]:
    """The scenes in light and dark, and how both colours read."""
    name = appearance.one_line(shown.get("company_name") or branding.company_name)[:28]
    return {
        "scenes": appearance.scenes(*(_color(shown, branding, field) for field in ("primary_color", "accent_color"))),
        "name": name,
        "letters": initials(name),
        "title": appearance.one_line(shown.get("login_title") or "")[:26] or _("Sign in"),
        "readings": _readings(shown, branding),
    }


def _color(shown: Any, branding: Branding, field: str) -> str:
    """What was chosen, or what is saved where that is no colour."""
    try:
        return colors.parse(shown.get(field, ""))
    except colors.ColorMalformed:
        return str(getattr(branding, field))


def _readings(shown: Any, branding: Branding) -> list[dict[str, Any]]:
    """How both colours read; the saved one stands in for what is no colour."""
    titles = {"primary_color": _("Main colour"), "accent_color": _("Second colour")}
    return [_reading(title, _color(shown, branding, field)) for field, title in titles.items()]


def _reading(title: str, color: str) -> dict[str, Any]:
    reading = appearance.read(color)
    ratio = _ratio(reading.ratio_hundredths)
    return {"title": title, "of": reading, "ratio": ratio, "changes": [_said(one) for one in reading.changes]}


def _said(change: Adjustment) -> str:
    roles = {
        ("fill", False): _("Buttons: %(used)s at %(after)s:1, not %(before)s:1"),
        ("text", False): _("Links: %(used)s at %(after)s:1, not %(before)s:1"),
        ("edge", False): _("Edges: %(used)s at %(after)s:1, not %(before)s:1"),
        ("fill", True): _("Buttons in the dark: %(used)s at %(after)s:1, not %(before)s:1"),
        ("text", True): _("Links in the dark: %(used)s at %(after)s:1, not %(before)s:1"),
        ("edge", True): _("Edges in the dark: %(used)s at %(after)s:1, not %(before)s:1"),
    }
    figures = {"used": change.used, "after": _ratio(change.ratio_after), "before": _ratio(change.ratio_before)}
    return roles[change.role, change.is_dark] % figures


def _ratio(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}"
