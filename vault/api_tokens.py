"""Tokens that let a client's own programs in: each with the rights that were chosen for it, shown once, and revocable.

A token belongs to one client of one agency and is looked for among that agency's alone.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from tenancy import schemas
from vault import key_shapes
from vault.models import ApiToken

PREFIX = "capi_"
MOST = 20
# How fresh "last used" is: not every request is worth a write.
_NOTED_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token lets a program do."""

    READ_BALANCE = "balance:read"
    READ_CALLS = "calls:read"
    READ_STATEMENT = "statement:read"
    START_CALLS = "calls:start"


class TooManyTokens(ValueError):
    """The client has as many tokens as it may have; one has to be revoked first."""


class NoSuchToken(LookupError):
    """The client has no such token."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: its row, and its text, which is told here and never again."""

    row: ApiToken
    text: str

    def __repr__(self) -> str:
        return f"Issued({self.row})"


def issue(*, client_id: UUID, name: str, scopes: Collection[Scope], actor: Mapping[str, str]) -> Issued:
    """A new token of a client of the agency we are in. `actor` is who makes it.

    Raises TooManyTokens. ValueError without a scope.
    """
    if not scopes:
        raise ValueError("a token without a right is good for nothing")
    if len(listed(client_id)) >= MOST:
        raise TooManyTokens(f"{MOST} tokens")
    text = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        agency_id=schemas.current_agency_id(),
        client_id=client_id,
        name=name.strip()[:80],
        token_hash=_hash_of(text),
        mask=key_shapes.mask(text),
        scopes=sorted(scopes),
        created_by=dict(actor),
    )
    return Issued(row, text)


def listed(client_id: UUID) -> list[ApiToken]:
    """The client's tokens that let somebody in, the newest first."""
    own = ApiToken.objects.filter(agency_id=schemas.current_agency_id(), client_id=client_id, revoked_at=None)
    return list(own.order_by("-created_at"))


def revoke(*, client_id: UUID, token_id: UUID) -> ApiToken:
    """Let nobody in by this token any more, from the next request on. Raises NoSuchToken."""
    own = ApiToken.objects.filter(agency_id=schemas.current_agency_id(), client_id=client_id, pk=token_id)
    row = own.first()
    if row is None:
        raise NoSuchToken
    own.filter(revoked_at=None).update(revoked_at=timezone.now())
    return row


def by_text(text: str) -> ApiToken | None:
    """The token of the agency we are in that has this text, unless it was revoked."""
    rows = ApiToken.objects.filter(agency_id=schemas.current_agency_id(), revoked_at=None)
    return rows.filter(token_hash=_hash_of(text)).first()


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Remember that it was used, to the minute."""
    if token.last_used_at is None or now - token.last_used_at >= _NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
