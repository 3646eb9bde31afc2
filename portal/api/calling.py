"""Starting a call for a program: the same checks as on the page, and one call for each Idempotency-Key."""

import hashlib
import json
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID, uuid5

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from agencies import call_terms
from calls import holds, placing
from calls.models import Call, Hold
from hms_client import HMSError
from organizations import assistants, hms
from organizations.models import Organization
from portal.api import asking, shapes
from portal.api.access import Refused, needs, refuse_when_off, told
from tenancy import schemas
from vault.api_tokens import Scope

T = TypeVar("T")
_KEYS = UUID("6b1f7f0e-52d5-4d5e-9a53-0a4a3f6f2c11")
# What each refusal is to a program. Those of which a repetition makes sense say when.
_REFUSALS: dict[type[placing.CannotCall], tuple[int, str]] = {
    placing.NotANumber: (422, "invalid_number"),
    placing.UnknownAssistant: (422, "unknown_assistant"),
    placing.UnknownNumber: (422, "unknown_number"),
    placing.NotEnoughTime: (402, "not_enough_credits"),
    placing.LimitReached: (403, "limit_reached"),
    placing.ClientSuspended: (403, "suspended"),
    placing.OrganizationNotReady: (503, "not_ready"),
    placing.HmsUnreachable: (503, "unavailable"),
    placing.RefusedByHms: (502, "refused"),
}


@needs(Scope.START_CALLS)
def start(request: HttpRequest) -> HttpResponse:
    """Place a call. The same key with the same request again answers with the same call."""
    refuse_when_off(request)
    key = asking.idempotency_key(request)
    said = asking.body(request, required=["to"], optional=["assistant_id", "number_id"])
    client_id = request.client.pk  # type: ignore[attr-defined]
    hold_id, fingerprint = uuid5(_KEYS, f"{client_id}:{key}"), _fingerprint(said)
    if Hold.objects.filter(pk=hold_id).exists():
        return _again(hold_id, fingerprint)
    try:
        call = placing.start(
            client_id=client_id,
            assistant_id=said.get("assistant_id") or _the_only_assistant(client_id),
            number_id=said.get("number_id"),
            destination=said["to"],
            actor={**request.actor.as_json(), "request": fingerprint},  # type: ignore[attr-defined]
            form_token=hold_id,
            rounding=call_terms.rounding(schemas.current_agency_id()),
        )
    except (placing.PlacedAlready, placing.AnswerLost):
        return _again(hold_id, fingerprint)
    except placing.CannotCall as refused:
        status, code = _REFUSALS[type(refused)]
        raise Refused(status, code, str(refused), {"Retry-After": "30"} if status == 503 else {}) from refused
    return _placed(call, Hold.objects.get(pk=hold_id), status=201)


@needs(Scope.START_CALLS)
def who(request: HttpRequest) -> HttpResponse:
    """The assistants that can make a call."""
    asking.only(request)
    return told({"assistants": [shapes.assistant(each) for each in _ask(request, assistants.in_use)]})


@needs(Scope.START_CALLS)
def numbers(request: HttpRequest) -> HttpResponse:
    """The numbers that a call can come from."""
    asking.only(request)
    return told({"numbers": [shapes.number(each) for each in _ask(request, assistants.numbers)]})


def _ask(request: HttpRequest, question: Callable[[Organization], tuple[T, ...]]) -> tuple[T, ...]:
    organization = Organization.objects.filter(client_id=request.client.pk).first()  # type: ignore[attr-defined]
    if organization is None:
        return ()
    return _answered(organization, question)


def _answered(organization: Organization, question: Callable[[Organization], tuple[T, ...]]) -> tuple[T, ...]:
    try:
        return question(organization)
    except (HMSError, hms.NoKey) as error:
        words = _("This cannot be answered right now. Please try again in a minute.")
        raise Refused(503, "unavailable", words, {"Retry-After": "30"}) from error


def _the_only_assistant(client_id: UUID) -> str:
    """Where there is one, it need not be named. What is not ready yet is said by the start itself."""
    organization = Organization.objects.filter(client_id=client_id, state=Organization.State.READY).first()
    if organization is None:
        return ""
    active = [each.id for each in _answered(organization, assistants.in_use) if each.is_active]
    if len(active) != 1:
        words = _("Say which assistant calls, by assistant_id. GET assistants lists them.")
        raise Refused(422, "unknown_assistant", words)
    return active[0]


def _fingerprint(said: dict[str, str]) -> str:
    """What tells one request from another, without keeping it."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _again(hold_id: UUID, fingerprint: str) -> HttpResponse:
    """The answer to a key that was used: the call, that it is not known yet, or that there is none. Raises Refused."""
    hold = Hold.objects.get(pk=hold_id)
    if hold.actor.get("request") != fingerprint:
        words = _("This Idempotency-Key was used for another request. Use a new one for each call.")
        raise Refused(409, "idempotency_key_reused", words)
    call = (
        Call.objects.filter(Q(hms_id=hold.hms_call_id) | Q(ledger_key=hold.hms_call_id)).first()
        if hold.hms_call_id
        else None
    )
    if call is not None:
        return _placed(call, hold, status=200)
    if hold.released_at is not None:
        words = _("The call of this Idempotency-Key was not placed. Use a new key to try it again.")
        raise Refused(409, "not_placed", words)
    words = _("It is not known yet whether this call was placed. Ask again with the same key.")
    return told({"call": None, "message": words}, status=202, headers={"Retry-After": "5"})


def _placed(call: Call, hold: Hold, *, status: int) -> HttpResponse:
    body = {"call": shapes.call(call), "longest_seconds": holds.longest_call(hold)}
    return told(body, status=status, headers={"Location": f"/api/v1/calls/{call.pk}"})
