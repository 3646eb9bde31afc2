"""Brand: names on the portal that are not the agency's, each with its place and what to do about it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agencies.models import Agency
from branding import leaks
from branding.models import LeakCheck
from domains import links
from portal import mail_samples
from portal.dashboard.roles import agency_of, manager_changes


@dataclass(frozen=True, slots=True)
class Row:
    """One find as it is shown. `fix_url` leads to where it is mended, `page_url` to the page it is on."""

    found: str
    place: str
    line: int
    excerpt: str
    fix: str
    fix_url: str
    page_url: str


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The last search."""
    return render(
        request, "dashboard/brand_leaks.html", {**_shown(agency_of(request)), "nav": "brand", "part": "leaks"}
    )


@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """How far the search is, for a page that waits."""
    return render(request, "dashboard/_brand_leaks.html", _shown(agency_of(request)))


@require_POST
@manager_changes
def start(request: HttpRequest) -> HttpResponse:
    """Search once more."""
    leaks.start(agency_of(request).pk)
    return redirect("dashboard:brand_leaks", slug=agency_of(request).slug)


def _shown(agency: Agency) -> dict[str, Any]:
    check = leaks.of(agency.pk)
    is_busy = check is not None and check.state != LeakCheck.State.DONE
    rows = [_row(agency, finding) for finding in check.findings] if check and not is_busy else []
    return {"check": check, "is_busy": is_busy, "rows": rows, "unseen": check.unseen if check else []}


def _row(agency: Agency, finding: dict[str, Any]) -> Row:
    place, what = str(finding["place"]), str(finding["what"])
    path = place.split(" · ")[0]
    fix, page = _fix(what, place)
    return Row(
        found=finding["found"],
        place=_place(place),
        line=finding["line"],
        excerpt=finding["excerpt"],
        fix=fix,
        fix_url=reverse(page, args=[agency.slug]) if page else "",
        page_url=links.portal(agency.pk, path) if path.startswith("/") else "",
    )


def _place(place: str) -> str:
    """Where it is, in words. Pages and files go by their path."""
    if place.startswith("mail"):
        _mail, _colon, part = place.partition(":")
        key, _colon, piece = part.partition(":")
        title = mail_samples.SAMPLES[key].title if key in mail_samples.SAMPLES else key
        pieces = {"subject": _("subject"), "text": _("text"), "html": _("HTML")}
        return (
            _("Mail: %(title)s") % {"title": title} + (f", {pieces[piece]}" if piece in pieces else "")
            if part
            else _("Every mail")
        )
    return {"": _("Every page"), "checkout": _("Checkout at Stripe")}.get(place, place)


def _fix(what: str, place: str) -> tuple[str, str]:
    """What to do, and the page where that is done ("" when it is done elsewhere)."""
    brand = "dashboard:brand"
    return {
        "own_domain": (_("Your portal is under the platform's name. Add a domain of your own."), "dashboard:address"),
        "sender": (
            _("Your mails are sent from the platform's address. Add a mail server of your own."),
            "dashboard:brand_mails",
        ),
        "checkout": (
            _("Stripe shows this name where your clients pay. Change the business name in Stripe: Settings, Business."),
            "",
        ),
        "statement": (
            _("It stands on your clients' card statements. Change the descriptor in Stripe: Settings, Business."),
            "",
        ),
        "link": (_("This leads to somebody else. Change the address, or the text that holds it."), brand),
        "icon": (_("This icon is not yours. Add a logo or an icon."), "dashboard:brand_pictures"),
    }.get(what, _name_fix(place))


def _name_fix(place: str) -> tuple[str, str]:
    if place == "checkout":
        return _("Change the name in Stripe: Settings, Business."), ""
    if place == "/":
        return _("Look at your packages' names and texts, and at your brand's."), "dashboard:packages"
    return _("It is in one of your own texts or addresses. Change it."), "dashboard:brand"
