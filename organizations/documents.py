"""A client's documents: added with their limits, read into pieces by a job, found by search, removed without a trace.

The file itself is kept until it is read, the pieces until the document is removed. A document is either searched whole
or not at all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from follow_ups import agenda
from organizations import document_texts, pieces
from organizations.document_texts import CannotRead, Why
from organizations.models import Document, Organization
from organizations.pieces import Piece

State = Document.State
KIND: Final = "read_document"
MOST_DOCUMENTS = 200
MOST_BYTES_TOGETHER = 50_000_000
MOST_PIECES_TOGETHER = 10_000
_LONGEST_NAME = 120

# A word that stands in every piece of an organization: with it, the index on words finds nothing of anybody else's.
OF_ORGANIZATION = "of:{}"
_WEIGH = """
UPDATE organizations_document
   SET words = setweight(to_tsvector(language::regconfig, %s || ' ' || section), 'A')
               || to_tsvector(language::regconfig, text) || array_to_tsvector(%s::text[])
 WHERE whole_id = %s
"""


class CannotAdd(ValueError):
    """The document is not taken. The message says why, in words for whoever added it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as a list shows it."""

    row: Document
    pieces: int

    @property
    def problem(self) -> str:
        """Why it cannot be read, as a sentence; "" while nothing is wrong."""
        why = self.row.problem
        return str(Why(why).label) if why in Why.values else ""


def add(*, organization_id: UUID, name: str, content: bytes, language: str, added_by: str) -> Document:
    """Take a file, to be read by a job soon. `name` is the file's, `added_by` an e-mail address.

    Raises CannotAdd, or CannotRead for what surely cannot be read.
    """
    name = _named(name)
    kind = document_texts.kind_of(name, content)
    with transaction.atomic():
        # Of two files at the last free place one is taken.
        Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
        _check_room(organization_id, name, len(content))
        made = Document.objects.create(
            organization_id=organization_id,
            name=name,
            kind=kind,
            language=language,
            size_bytes=len(content),
            state=State.WAITING,
            added_by=added_by,
            source=content,
        )
        agenda.schedule(kind=KIND, subject=str(organization_id))
    return made


def read_next(organization_id: UUID) -> bool:
    """Read the organization's oldest waiting document; whether another one waits.

    One at a time, so that nobody's hundred files keep everybody's workers.
    """
    mine = waiting().filter(organization_id=organization_id).order_by("created_at").values_list("pk", flat=True)
    document_id = mine.first()
    if document_id is not None:
        read(document_id)
    return mine.exists()


def read(document_id: UUID) -> None:
    """Read what waits into pieces, or write down why it cannot be read. Removed meanwhile, nothing happens.

    Takes up to a minute for a PDF, outside any transaction. May be done twice.
    """
    row = Document.objects.filter(pk=document_id, state=State.WAITING).first()
    if row is None:
        return
    try:
        found = pieces.cut(document_texts.sections(row.kind, bytes(row.source or b"")))
        if not found:
            raise CannotRead(Why.EMPTY)
        _keep(row, found)
    except CannotRead as error:
        waiting = Document.objects.filter(pk=document_id, state=State.WAITING)
        waiting.update(state=State.UNREADABLE, problem=error.why, source=None)


def remove(*, organization_id: UUID, document_id: UUID) -> str:
    """Remove a document and its pieces, so that no later search finds it; its name. Raises Document.DoesNotExist."""
    with transaction.atomic():
        row = of(organization_id).select_for_update().only("name").get(pk=document_id)
        Document.objects.filter(Q(pk=document_id) | Q(whole=document_id)).delete()
    return row.name


def of(organization_id: UUID) -> QuerySet[Document]:
    """The organization's documents, without their pieces."""
    return Document.objects.filter(organization_id=organization_id, whole=None)


def listed(organization_id: UUID) -> list[Shown]:
    """The organization's documents by name, with the number of their pieces."""
    rows = of(organization_id).defer("source", "words", "text").annotate(number=Count("pieces"))
    return [Shown(row, row.number) for row in sorted(rows, key=lambda row: row.name.casefold())]


def usual_language(organization_id: UUID) -> str:
    """The language of the organization's latest document; English when there is none."""
    latest = of(organization_id).order_by("-created_at").values_list("language", flat=True).first()
    return latest or Document.Language.ENGLISH


def waiting() -> QuerySet[Document]:
    """What is still to be read, of the whole agency."""
    return Document.objects.filter(state=State.WAITING)


def _named(name: str) -> str:
    """The file's name without the way to it."""
    name = " ".join(name.replace("\\", "/").rsplit("/", 1)[-1].replace("\x00", "").split())
    if not name:
        raise CannotAdd(_("Give the file a name."))
    if len(name) > _LONGEST_NAME:
        raise CannotAdd(
            _("The name of the file is longer than %(most)d characters. Shorten it.") % {"most": _LONGEST_NAME}
        )
    return name


def _in_words(name: str) -> str:
    """A file's name as a search reads it: `opening_hours-2026.pdf` is not one word."""
    return re.sub(r"[\W_]+", " ", Path(name).stem)


def _check_room(organization_id: UUID, name: str, size: int) -> None:
    mine = of(organization_id)
    if mine.filter(name=name).exists():
        raise CannotAdd(_("There is a document of this name already. Remove it first, or rename the file."))
    so_far = mine.aggregate(number=Count("pk"), size=Sum("size_bytes"))
    if so_far["number"] >= MOST_DOCUMENTS:
        raise CannotAdd(_("There are %(most)d documents already. Remove one first.") % {"most": MOST_DOCUMENTS})
    if (so_far["size"] or 0) + size > MOST_BYTES_TOGETHER:
        words = _("All documents together may have %(most)d MB. Remove one first.")
        raise CannotAdd(words % {"most": MOST_BYTES_TOGETHER // 1_000_000})


def _keep(row: Document, found: Sequence[Piece]) -> None:
    """Write the pieces and the new state together. Raises CannotRead when there is no room for them."""
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=row.organization_id)
        still = Document.objects.select_for_update(no_key=True).filter(pk=row.pk, state=State.WAITING)
        if not still.only("pk").exists():
            return
        there = Document.objects.filter(organization_id=row.organization_id, whole__isnull=False).count()
        if there + len(found) > MOST_PIECES_TOGETHER:
            raise CannotRead(Why.NO_ROOM)
        Document.objects.bulk_create(
            [
                Document(
                    organization_id=row.organization_id,
                    whole_id=row.pk,
                    language=row.language,
                    position=position,
                    section=piece.section[:200],
                    text=piece.text,
                )
                for position, piece in enumerate(found)
            ],
            batch_size=500,
        )
        with connection.cursor() as cursor:
            cursor.execute(_WEIGH, [_in_words(row.name), [OF_ORGANIZATION.format(row.organization_id)], row.pk])
        still.update(state=State.READY, problem="", source=None)
