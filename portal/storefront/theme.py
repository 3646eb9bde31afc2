"""What a brand is made of, under names that change with the content: the stylesheet, the pictures, the icon."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from branding import pictures
from branding import theme as themes
from branding.models import Branding
from portal import context

_FOR_EVER = "public, max-age=31536000, immutable"


def theme(request: HttpRequest, digest: str) -> HttpResponse:
    """Any agency's theme by its digest: it holds colours alone, and dashboards show it as a preview."""
    css = Branding.objects.filter(stylesheet_digest=digest).values_list("stylesheet", flat=True).first()
    if css is None:
        raise Http404
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = _FOR_EVER
    return response


def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """A PNG of ours. Any agency's by its digest: a mail shows it wherever it is read."""
    png = pictures.found(digest)
    if png is None:
        raise Http404
    response = HttpResponse(png, content_type="image/png")
    response.headers["Cache-Control"] = _FOR_EVER
    # Readers of mail in a browser are on another origin.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def initials_icon(request: HttpRequest, look: str) -> HttpResponse:
    """The initials in the brand's colour, for the browser's tab. `look` only keeps old ones from being shown."""
    branding: Branding = request.resolution.agency.branding  # type: ignore[attr-defined]
    swatch = themes.tokens(primary=branding.primary_color).light
    letters = context.initials(branding.company_name)
    response = render(request, "storefront/icon.svg", {"swatch": swatch, "letters": letters}, "image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
