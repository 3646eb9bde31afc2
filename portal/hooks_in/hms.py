"""HMS's reports of calls. What they mean, and what HMS is told, is `calls.reports`' business.

Some answers wait for a client's own endpoint, so these requests have a process of their own (docs/subsystems/relay.md).
"""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from agencies import call_terms
from calls import reports
from inbox import hms_events


@csrf_exempt
@require_POST
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """The address that an organization's assistants report to. Whoever is refused learns nothing."""
    try:
        answer = reports.take(
            token=token,
            body=request.body,
            timestamp=request.headers.get("X-Webhook-Timestamp"),
            signature=request.headers.get("X-Webhook-Signature"),
            now=timezone.now(),
            rounding_of=call_terms.rounding,
        )
    except RequestDataTooBig:
        return JsonResponse({"error": "too large"}, status=413)
    except hms_events.Refused:
        return JsonResponse({"error": "refused"}, status=400)
    return JsonResponse(answer)
