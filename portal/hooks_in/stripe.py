"""Where Stripe reports: verified, stored, answered. Applying what it says is a job's business.

Whoever is not Stripe gets one and the same 400, after the same work: a wrong slug, a missing secret and a bad signature
cannot be told apart.
"""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from agencies import addresses, webhook_proof
from inbox import stripe_events, stripe_signature
from vault import connections

log = logging.getLogger(__name__)
_NOBODY = 0


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, slug: str) -> HttpResponse:
    """Take one event for the agency whose slug this is, or was until lately."""
    payload = _payload(request)
    if payload is None:
        return JsonResponse({"error": "This is larger than any event."}, status=413)
    now = timezone.now()
    agency_id = addresses.agency_id_of(slug)
    secrets = connections.webhook_secrets(agency_id or _NOBODY, now)
    header = request.headers.get("Stripe-Signature", "")
    try:
        stored = stripe_events.receive(agency_id=agency_id, payload=payload, header=header, secrets=secrets, now=now)
    except stripe_signature.InvalidSignature as refused:
        log.info("webhook of Stripe for %s refused: %s", slug, refused)
        if refused.looks_honest:
            webhook_proof.note_wrong_secret(agency_id or _NOBODY, at=now)
        return JsonResponse({"error": "The signature does not fit."}, status=400)
    if agency_id is not None and not stored.by_current:
        webhook_proof.note_previous_secret(agency_id, at=now)
    return JsonResponse({"received": True})


def _payload(request: HttpRequest) -> bytes | None:
    """The raw body, or None when it is too large. Read up to the limit, whatever Content-Length says."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > stripe_signature.MAX_BYTES:
        return None
    try:
        payload: bytes = request.read(stripe_signature.MAX_BYTES + 1)
    except UnreadablePostError:
        return b""
    return payload if len(payload) <= stripe_signature.MAX_BYTES else None


# With and without the slash: Stripe counts a redirect as a failure.
urlpatterns = [
    path("<slug:slug>", webhook, name="stripe_webhook"),
    path("<slug:slug>/", webhook, name="stripe_webhook_slash"),
]
