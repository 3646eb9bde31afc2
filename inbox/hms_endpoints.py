"""Where HMS reports: for each client's organization an address nobody can guess and a secret that signs.

The address is found by the hash of its token; what is needed to write it down again is sealed.
"""

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from inbox.models import HmsEndpoint
from tenancy import schemas
from vault import envelope


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The token in the address, and the secret that HMS signs with."""

    token: str
    secret: str

    def __repr__(self) -> str:
        return "Endpoint(***)"


def open_endpoint(*, organization_id: UUID) -> Endpoint:
    """The endpoint of an organization of the agency we are in; made when there is none."""
    known = find(organization_id=organization_id)
    if known is not None:
        return known
    agency_id = schemas.current_agency_id()
    fresh = Endpoint(secrets.token_urlsafe(24), secrets.token_urlsafe(32))
    row, _is_new = HmsEndpoint.objects.get_or_create(
        organization_id=organization_id,
        defaults={
            "agency_id": agency_id,
            "token_hash": hash_of(fresh.token),
            "token_sealed": envelope.seal(fresh.token, agency_id=agency_id, field=_field(organization_id, "token")),
            "secret_sealed": envelope.seal(fresh.secret, agency_id=agency_id, field=_field(organization_id, "secret")),
        },
    )
    return _opened(row)


def find(*, organization_id: UUID) -> Endpoint | None:
    """The endpoint of an organization of the agency we are in, if it has one."""
    rows = HmsEndpoint.objects.select_related("agency__data_key")
    row = rows.filter(agency_id=schemas.current_agency_id(), organization_id=organization_id).first()
    return _opened(row) if row else None


def by_token(token: str) -> HmsEndpoint | None:
    """The row behind an address, if there is one, with what opens its secret: one query, found or not."""
    return HmsEndpoint.objects.select_related("agency__data_key").filter(token_hash=hash_of(token)).first()


def secret_of(row: HmsEndpoint) -> str:
    """The secret that signs what arrives there."""
    return _unsealed(row, "secret")


def hash_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _opened(row: HmsEndpoint) -> Endpoint:
    return Endpoint(_unsealed(row, "token"), _unsealed(row, "secret"))


def _unsealed(row: HmsEndpoint, part: str) -> str:
    sealed = row.token_sealed if part == "token" else row.secret_sealed
    return envelope.unseal(
        sealed, agency_id=row.agency_id, field=_field(row.organization_id, part), key=row.agency.data_key
    )


def _field(organization_id: UUID, part: str) -> str:
    return f"hms_endpoint.{organization_id}.{part}"
