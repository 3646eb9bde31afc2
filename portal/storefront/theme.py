"""The stylesheet with the agency's colours, under a name that changes with its content."""

from django.http import Http404, HttpRequest, HttpResponse

from branding.models import Branding


def theme(request: HttpRequest, digest: str) -> HttpResponse:
    """Any agency's theme by its digest: it holds colours alone, and dashboards show it as a preview."""
    css = Branding.objects.filter(stylesheet_digest=digest).values_list("stylesheet", flat=True).first()
    if css is None:
        raise Http404
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
