"""Closing an agency: the portal is off at once, everything stays for the days of grace, and an owner can take it back.

Nothing is erased here. What happens when the days are over is in leaving.erasing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Agency
from billing.models import Purchase
from domains import resolver
from follow_ups import agenda
from inbox.models import EventState, StripeEvent

# Subject: the agency's id, for in the end there is no schema to tell it.
KIND = "close_agency"
MAIL_KIND = "closing_mail"
# Money that a bank has on its way holds the end up, for so long at most.
LONGEST_WAIT = timedelta(days=14)


class NotTheSlug(ValueError):
    """What was typed is not the agency's slug. The message is for whoever typed it."""


class TooLate(RuntimeError):
    """The agency is being erased, or is not closed at all: there is nothing to take back."""


def close(*, agency_id: int, typed: str, now: datetime) -> Agency:
    """Close an agency. Closing it again changes nothing. Raises NotTheSlug unless its slug was typed."""
    with transaction.atomic():
        agency = Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
        if typed.strip().lower() != agency.slug:
            raise NotTheSlug(_("This is not %(slug)s. Nothing was closed.") % {"slug": agency.slug})
        if agency.closes_at is not None:
            return agency
        agency.portal_is_on = False
        agency.closes_at = now + timedelta(days=settings.CLOSING_GRACE_DAYS)
        agency.save(update_fields=["portal_is_on", "closes_at"])
        agenda.schedule(kind=KIND, subject=str(agency_id), due_at=agency.closes_at, agency_id=agency_id)
        agenda.schedule(kind=MAIL_KIND, subject="closes", agency_id=agency_id)
        resolver.forget()
    return agency


def take_back(*, agency_id: int) -> Agency:
    """Keep the agency after all. The portal stays off until somebody switches it on. Raises TooLate."""
    with transaction.atomic():
        agency = Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
        if not agency.is_ready or agency.closes_at is None:
            raise TooLate(f"agency {agency_id} is {agency.state}")
        agency.closes_at = None
        agency.save(update_fields=["closes_at"])
        agenda.schedule(kind=MAIL_KIND, subject="stays", agency_id=agency_id)
        resolver.forget()
    return agency


def on_its_way(agency_id: int) -> Mapping[str, Any]:
    """Money that has not arrived yet: purchases that a bank is paying, and messages of Stripe that are not applied.

    Inside the agency's schema. Two queries.
    """
    waiting = Purchase.objects.filter(state=Purchase.State.PENDING, awaiting_bank=True).count()
    unsettled = (EventState.RECEIVED, EventState.FAILED)
    return {
        "purchases": waiting,
        "messages": StripeEvent.objects.filter(agency_id=agency_id, state__in=unsettled).count(),
    }
