"""HMS's reports of calls. Verified and kept; only the question before an inbound call is answered with more than a nod.

Nothing is fetched here: HMS waits five seconds at most, and a job looks at its list of calls a moment later.
"""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from agencies.models import Agency
from calls import inbound
from hms_client import FrozenMap, WebhookEvent, webhooks
from inbox import hms_events
from tenancy import door

# What HMS honours at most of an assistant's own maximum; a larger number is a mistake.
_LONGEST_SECONDS = 24 * 60 * 60


@csrf_exempt
@require_POST
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """The address that an organization's assistants report to. Whoever is refused learns nothing."""
    try:
        got = hms_events.receive(
            token=token,
            body=request.body,
            timestamp=request.headers.get("X-Webhook-Timestamp"),
            signature=request.headers.get("X-Webhook-Signature"),
            now=timezone.now(),
        )
    except RequestDataTooBig:
        return JsonResponse({"error": "too large"}, status=413)
    except hms_events.Refused:
        return JsonResponse({"error": "refused"}, status=400)
    if got.event is not None and got.event.type == webhooks.ASSISTANT_REQUEST and got.event.call_id:
        return JsonResponse(_answer(got, got.event, got.event.call_id))
    return JsonResponse({})


def _answer(got: hms_events.Received, event: WebhookEvent, call_id: str) -> dict[str, object]:
    agency = Agency.objects.get(pk=got.agency_id)
    try:
        with door.enter(agency):
            answer = inbound.answer(
                organization_id=got.organization_id,
                hms_call_id=call_id[:255],
                assistant_maximum=_maximum(event),
                now=timezone.now(),
            )
    except door.AgencyNotReady:
        return {"error": _("This number is not in service.")}
    if answer.max_duration_seconds is None:
        return {"error": answer.refusal}
    return {"max_duration_seconds": answer.max_duration_seconds}


def _maximum(event: WebhookEvent) -> int | None:
    """The assistant's own maximum, where HMS tells it with its question."""
    assistant = event.message.get("assistant")
    told = assistant.get("max_duration_seconds") if isinstance(assistant, FrozenMap) else None
    if not isinstance(told, int) or isinstance(told, bool):
        return None
    return told if 0 < told <= _LONGEST_SECONDS else None
