"""What can be done about a cause with one press: ask once more, look once more, finish what was cut off.

Every remedy bears being pressed twice. None talks to anybody: what has to be asked outside becomes a follow-up.
"""

from uuid import UUID

from agencies import due_work, quarantine, sign_ups
from agencies.why import Action
from billing import purchases
from follow_ups import agenda
from inbox import stripe_events
from organizations.models import Organization
from tenancy import schemas


class NothingToRemedy(LookupError):
    """There is no such remedy, or nothing of this agency that it is for."""


def press(*, action: Action, subject: str) -> str:
    """Do what the action says for `subject`, which a cause named. In the agency's schema. Raises NothingToRemedy.

    Returns for whom or what it was done, as a person would name it.
    """
    remedy = {
        Action.TRY_EVENT: _try_event,
        Action.ASK_STRIPE: _ask_stripe,
        Action.LOOK_FOR_CALLS: _look_for_calls,
        Action.CHECK_PARENTS: _check_parents,
        Action.LET_IN: _let_in,
    }.get(action)
    if remedy is None:
        raise NothingToRemedy(action)
    return remedy(subject)


def _try_event(event_id: str) -> str:
    agency_id = schemas.current_agency_id()
    if not stripe_events.unsettled(agency_id).filter(event_id=event_id).exists():
        raise NothingToRemedy(event_id)
    stripe_events.again(agency_id=agency_id, event_id=event_id)
    return event_id


def _ask_stripe(purchase_id: str) -> str:
    if not purchases.open_purchases().filter(pk=_uuid(purchase_id)).exists():
        raise NothingToRemedy(purchase_id)
    agenda.schedule(kind=purchases.CHECK_KIND, subject=purchase_id)
    return purchase_id


def _look_for_calls(organization_id: str) -> str:
    keyed = Organization.objects.filter(pk=_uuid(organization_id), api_key_sealed__isnull=False)
    found = keyed.select_related("client").first()
    if found is None:
        raise NothingToRemedy(organization_id)
    agenda.schedule(kind=due_work.SYNC_KIND, subject=organization_id)
    name: str = found.client.name
    return name


def _check_parents(_subject: str) -> str:
    agenda.schedule(kind=quarantine.KIND)
    return ""


def _let_in(user_id: str) -> str:
    try:
        return sign_ups.let_in(user_id=_uuid(user_id)).email
    except sign_ups.NotWaitingToArrive as error:
        raise NothingToRemedy(user_id) from error


def _uuid(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise NothingToRemedy(typed) from error
