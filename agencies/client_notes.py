"""An agency's own notes about its clients: written, struck out, never changed and never shown to the client.

Rows of their own in public: two people who write at once lose nothing, and a client's row does not grow with them.
In the agency's schema.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import ClientNote
from clients.models import Client
from tenancy import schemas

LONGEST = 2_000
# A page is not for thousands; nobody writes so many.
MOST = 500


class NoteRefused(ValueError):
    """Nothing was said, or too much. The message is for whoever wrote it."""


def write(*, client_id: UUID, text: str, actor: Mapping[str, str]) -> ClientNote:
    """Keep a note. Line breaks stay. Raises NoteRefused, and Client.DoesNotExist."""
    said = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not said:
        raise NoteRefused(_("Write something first."))
    if len(said) > LONGEST:
        raise NoteRefused(_("Use at most %(most)s characters.") % {"most": f"{LONGEST:,}"})
    client = Client.objects.get(pk=client_id)
    return ClientNote.objects.create(
        agency_id=schemas.current_agency_id(), client_id=client.pk, text=said, written_by=dict(actor)
    )


def strike(*, client_id: UUID, note_id: UUID, actor: Mapping[str, str]) -> ClientNote:
    """Strike a note out; one that is struck out stays as it is. Raises ClientNote.DoesNotExist."""
    with transaction.atomic():
        note = _of(client_id).select_for_update(no_key=True).get(pk=note_id)
        if note.struck_at is None:
            note.struck_at, note.struck_by = timezone.now(), dict(actor)
            note.save(update_fields=["struck_at", "struck_by"])
    return note


def latest(client_id: UUID, *, limit: int = MOST) -> list[ClientNote]:
    """The newest first, those that are struck out too."""
    return list(_of(client_id).order_by("-written_at", "-pk")[:limit])


def _of(client_id: UUID) -> QuerySet[ClientNote]:
    return ClientNote.objects.filter(agency_id=schemas.current_agency_id(), client_id=client_id)
