"""What the proxy asks before it gets a certificate: 200 or 403, nothing else. portal/hosts.py keeps outsiders away."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from domains import permission


@require_GET
def tls_allowed(request: HttpRequest) -> HttpResponse:
    """Whether the name in `domain` may have a certificate. Both answers are empty and have the same headers."""
    asked = request.GET.getlist("domain")
    is_allowed = len(asked) == 1 and permission.may_have_certificate(asked[0])
    return HttpResponse(
        status=200 if is_allowed else 403, content_type="text/plain", headers={"Cache-Control": "no-store"}
    )
