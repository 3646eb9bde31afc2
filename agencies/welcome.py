"""Welcome credits: what an agency gives every new client, once, in the transaction in which the client arrives."""

from django.utils.translation import gettext as _

from agencies import allocation
from agencies.models import Agency
from billing import credits, ledger
from billing.models import LedgerEntry
from clients.models import Client
from tenancy import schemas

SOURCE = "portal"
MOST_CREDITS = 1_000
_BY_PORTAL = {"kind": "portal", "id": "", "email": ""}


class OutOfBounds(ValueError):
    """Less than nothing, or more than MOST_CREDITS. The message is for who typed it."""


def set_credits(agency_id: int, number: int) -> None:
    """Give every new client this many credits from now on; 0 for none. Raises OutOfBounds."""
    if not 0 <= number <= MOST_CREDITS:
        raise OutOfBounds(_("Type a whole number from 0 to %(most)s.") % {"most": f"{MOST_CREDITS:,}"})
    Agency.objects.filter(pk=agency_id).update(welcome_credits=number)


def cost_micro(number: int, *, cost_micro_per_minute: int) -> int:
    """What so many credits cost the agency when they are used up, in millionths of its currency."""
    return number * cost_micro_per_minute


def greet(client: Client) -> None:
    """Give the new client the agency's welcome credits, if there are any. To be called in the agency's schema, in the
    transaction that makes the client."""
    number = Agency.objects.values_list("welcome_credits", flat=True).get(pk=schemas.current_agency_id())
    if number:
        ledger.post(
            client_id=client.pk,
            amount=credits.to_seconds(number),
            kind=LedgerEntry.Kind.WELCOME,
            source=SOURCE,
            source_id=str(client.pk),
            fact={"client": str(client.pk)},
            livemode=allocation.is_live(),
            actor=_BY_PORTAL,
        )
