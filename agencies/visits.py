"""Visits: somebody of the team looks at a client's pages as the client sees them, for fifteen minutes, with a reason.

A visit is asked for on the dashboard and begun on the portal by a ticket: signed, for this agency alone, good for sixty
seconds and once. It ends by itself, by hand, and as soon as whoever looks may not work here any more. In the agency's
schema.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import team
from agencies.models import Agency, ClientVisit, Membership
from clients.models import Client
from tenancy import schemas

LASTS = timedelta(minutes=15)
TICKET_LASTS = timedelta(seconds=60)
LEAST_REASON, LONGEST_REASON = 10, 300


class ReasonMissing(ValueError):
    """The client reads why somebody looked, so it has to be said. The message is for whoever asks."""


class MayNotLook(PermissionError):
    """Only owners and managers of the agency look at a client's pages."""


class TicketRefused(LookupError):
    """The ticket opens nothing here: made up, used, too old, another agency's, or of somebody who may not look now."""


def ask(*, client_id: UUID, member_id: UUID, email: str, reason: str) -> tuple[ClientVisit, str]:
    """A visit that has not begun, and the ticket that begins it.

    Raises ReasonMissing, MayNotLook, and Client.DoesNotExist.
    """
    said = " ".join(reason.replace("\0", "").split())
    if len(said) < LEAST_REASON:
        raise ReasonMissing(
            _("Say why, in at least %(least)s characters. The client reads it.") % {"least": LEAST_REASON}
        )
    if len(said) > LONGEST_REASON:
        raise ReasonMissing(_("Use at most %(most)s characters.") % {"most": LONGEST_REASON})
    if not _may_look(member_id):
        raise MayNotLook(member_id)
    visit = ClientVisit.objects.create(
        agency_id=schemas.current_agency_id(),
        client_id=Client.objects.get(pk=client_id).pk,
        member_id=member_id,
        member_email=email,
        reason=said,
    )
    return visit, _signer().sign(visit.pk.hex)


def begin(ticket: str, *, now: datetime | None = None) -> ClientVisit:
    """Begin the visit of this ticket, once. Raises TicketRefused."""
    now = now or timezone.now()
    try:
        visit_id = UUID(_signer().unsign(ticket))
    except (signing.BadSignature, ValueError) as error:
        raise TicketRefused from error
    with transaction.atomic():
        waiting = _mine().filter(begun_at=None, asked_at__gt=now - TICKET_LASTS, asked_at__lte=now)
        visit = waiting.select_for_update(no_key=True).filter(pk=visit_id).first()
        if visit is None or not _may_look(visit.member_id):
            raise TicketRefused
        visit.begun_at, visit.ends_at = now, now + LASTS
        visit.save(update_fields=["begun_at", "ends_at"])
    return visit


def going_on(visit_id: UUID, *, now: datetime | None = None) -> ClientVisit | None:
    """The visit if it goes on: neither over nor ended, of somebody who still may look."""
    visit = _mine().filter(pk=visit_id, ended_at=None, ends_at__gt=now or timezone.now()).first()
    return visit if visit is not None and _may_look(visit.member_id) else None


def end(visit_id: UUID) -> None:
    """End it now. One that is over stays as it is."""
    now = timezone.now()
    _mine().filter(pk=visit_id, ended_at=None, ends_at__gt=now).update(ended_at=now)


def of_client(client_id: UUID, *, limit: int) -> list[ClientVisit]:
    """Who looked at this client's pages, the latest first."""
    return list(_mine().filter(client_id=client_id, begun_at__isnull=False).order_by("-begun_at")[:limit])


def _may_look(member_id: UUID) -> bool:
    membership = Membership.objects.filter(
        agency_id=schemas.current_agency_id(), agency__state=Agency.State.READY, user_id=member_id
    ).first()
    return membership is not None and team.may(membership.role, Membership.Role.MANAGER)


def _mine() -> QuerySet[ClientVisit]:
    return ClientVisit.objects.filter(agency_id=schemas.current_agency_id())


def _signer() -> signing.Signer:
    return signing.Signer(salt=f"agencies.visits.{schemas.current_agency_id()}")
