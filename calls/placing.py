"""Placing a call for a client: checked, its time set aside and committed, then asked of HMS, and never asked twice."""

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import wallets
from calls import holds, identity, obstacles
from calls.models import Call, Hold
from clients.models import Client
from follow_ups import agenda
from hms_client import HMSClient, HMSError, InsufficientCredits, RateLimited, StartedCall, WebCall
from organizations import assistants, hms, phone_numbers
from organizations.models import Organization

T = TypeVar("T")
log = logging.getLogger(__name__)


class CannotCall(ValueError):
    """The call was not placed. The message is for the person who wanted it."""


class NotANumber(CannotCall):
    """The destination is no telephone number in international form."""


class ClientSuspended(CannotCall):
    """The agency has suspended this client."""


class OrganizationNotReady(CannotCall):
    """The client's organization at HMS is not ready."""


class UnknownAssistant(CannotCall):
    """The organization has no such assistant, or it is switched off."""


class UnknownNumber(CannotCall):
    """The organization has no such number."""


class HmsUnreachable(CannotCall):
    """HMS could not be asked; nothing was dialled."""


class RefusedByHms(CannotCall):
    """HMS said no; nothing was dialled."""


class PlacedAlready(CannotCall):
    """The same form was sent twice. The first one counts."""


class NotEnoughTime(CannotCall):
    """Too little is available to start a call."""


class LimitReached(CannotCall):
    """The agency's limits for this client allow no further call now."""


class AnswerLost(CannotCall):
    """HMS was asked and its answer was lost: the call may be ringing. Its time stays set aside until we know."""


def check_destination(text: str) -> str:
    """The number in E.164, without what people write between digits. Raises NotANumber."""
    try:
        return phone_numbers.read(text)
    except phone_numbers.NotANumber as error:
        raise NotANumber(str(error)) from error


def start(
    *,
    client_id: uuid.UUID,
    assistant_id: str,
    number_id: str | None,
    destination: str,
    actor: Mapping[str, str],
    form_token: uuid.UUID | None = None,
    rounding: int = 1,
) -> Call:
    """Place a call and return it as HMS took it on. `form_token` makes a form that is sent twice place one call.
    `rounding` is the step in seconds that its time will be rounded up to.

    Raises a subclass of CannotCall. Talks to HMS: not to be called inside a transaction.
    """
    number = check_destination(destination)
    organization = _ready_organization(client_id)
    assistant, own_number = _chosen(organization, assistant_id, number_id)
    hold = _set_aside(organization, assistant, number, actor, form_token, rounding)
    started = _ask(
        hold,
        lambda client: client.calls.start_outbound(
            destination=number,
            assistant_id=assistant_id,
            number_id=number_id,
            assistant_override={"max_duration_seconds": holds.longest_call(hold)},
        ),
    )
    return _note(hold, started, assistant, own_number)


def open_in_browser(
    *, client_id: uuid.UUID, assistant_id: str, actor: Mapping[str, str], form_token: uuid.UUID, rounding: int = 1
) -> tuple[WebCall, Hold]:
    """Open a call that a browser joins: what it joins with, and what was set aside for it. The token lets anybody join.

    HMS does not say which call it is; the hold finds it in the list. Raises as `start` does, but for the destination.
    """
    organization = _ready_organization(client_id)
    assistant, _no_number = _chosen(organization, assistant_id, None)
    hold = _set_aside(organization, assistant, holds.IN_THE_BROWSER, actor, form_token, rounding)
    override = {"max_duration_seconds": holds.longest_call(hold)}
    opened = _ask(hold, lambda client: client.web_calls.start(assistant_id=assistant_id, assistant_override=override))
    return opened, hold


def _ask(hold: Hold, question: Callable[[HMSClient], T]) -> T:
    """HMS's answer to the one request that a hold is for. What surely came to nothing gives the hold back."""
    try:
        with hms.for_organization(hold.organization) as client:
            return question(client)
    except hms.NoKey as error:
        with transaction.atomic():
            holds.release_one(hold, now=timezone.now())
        raise HmsUnreachable(_("Calls cannot be placed right now. Please try again in a minute.")) from error
    except HMSError as error:
        if error.outcome_unknown:
            log.warning("answer lost while placing a call with hold %s: %s", hold.pk, type(error).__name__)
            raise AnswerLost(
                _("We do not know yet whether this call was placed. Please look at your calls.")
            ) from error
        with transaction.atomic():
            holds.release_one(hold, now=timezone.now())
        raise _refusal(error) from error


def _ready_organization(client_id: uuid.UUID) -> Organization:
    organization = Organization.objects.select_related("client").filter(client_id=client_id).first()
    if organization is None or organization.state in (Organization.State.WANTED, Organization.State.REQUESTED):
        raise OrganizationNotReady(_("Your calls are still being set up. Please try again in a minute."))
    if organization.client.state == Client.State.SUSPENDED or organization.state == Organization.State.SUSPENDED:
        raise ClientSuspended(_("Calls are switched off for you at the moment. Please get in touch with us."))
    if organization.state != Organization.State.READY:
        raise OrganizationNotReady(_("Your calls could not be set up yet. We are looking into it."))
    return organization


def _chosen(
    organization: Organization, assistant_id: str, number_id: str | None
) -> tuple[assistants.Assistant, assistants.Number | None]:
    try:
        known = {row.id: row for row in assistants.in_use(organization)}
        numbers = {row.id: row for row in assistants.numbers(organization)} if number_id else {}
    except (HMSError, hms.NoKey) as error:
        raise HmsUnreachable(_("Calls cannot be placed right now. Please try again in a minute.")) from error
    assistant = known.get(assistant_id)
    if assistant is None or not assistant.is_active:
        raise UnknownAssistant(_("This assistant cannot make calls. Please choose another."))
    if number_id and number_id not in numbers:
        raise UnknownNumber(_("This number cannot make calls. Please choose another."))
    return assistant, numbers.get(number_id) if number_id else None


def _set_aside(
    organization: Organization,
    assistant: assistants.Assistant,
    number: str,
    actor: Mapping[str, str],
    form_token: uuid.UUID | None,
    rounding: int,
) -> Hold:
    """The hold, committed, with a look at HMS's list behind it: whatever happens to us now, the call is found."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        wallets.lock(organization.client_id)
        if form_token is not None and Hold.objects.filter(pk=form_token).exists():
            raise PlacedAlready(_("This call was placed already. Please look at your calls."))
        try:
            hold = holds.take(
                organization=organization,
                now=now,
                assistant_maximum=assistant.max_duration_seconds,
                destination=number,
                actor=actor,
                hold_id=form_token,
                rounding=rounding,
            )
        except obstacles.LimitReached as error:
            raise LimitReached(str(error)) from error
        except obstacles.NotEnoughTime as error:
            raise NotEnoughTime(str(error)) from error
        Organization.objects.filter(pk=organization.pk).update(active_at=now)
        agenda.schedule(kind="sync_calls", subject=str(organization.pk))
    return hold


def _note(
    hold: Hold, started: StartedCall, assistant: assistants.Assistant, own_number: assistants.Number | None
) -> Call:
    """Remember HMS's id. The list of calls may have been faster: what it said stays."""
    with transaction.atomic():
        holds.name(hold, hms_call_id=started.call_id)
        ledger_key = identity.hasher()(started.call_id)
        call, _is_new = Call.objects.get_or_create(
            ledger_key=ledger_key,
            defaults={
                "hms_id": started.call_id,
                "is_private": assistant.is_private,
                "organization": hold.organization,
                "status": (started.status or "dialing")[:40],
                "direction": "outbound",
                "customer_number": "" if assistant.is_private else hold.destination,
                "own_number": own_number.phone_number if own_number else "",
                "assistant_name": assistant.name[:200],
                "placed_at": hold.created_at,
                "asked_at": hold.created_at,
            },
        )
        agenda.schedule(kind="sync_calls", subject=str(hold.organization_id))
    return call


def _refusal(error: HMSError) -> CannotCall:
    if isinstance(error, InsufficientCredits):
        return RefusedByHms(_("Calls are not possible at the moment. Please get in touch with us."))
    if isinstance(error, RateLimited):
        return RefusedByHms(_("Too many calls at once. Please try again in a minute."))
    return RefusedByHms(_("This call could not be placed. Please check the number and the assistant."))
