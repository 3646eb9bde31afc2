"""Who speaks to HMS: clients of its API with the agency's own key, with an organization's, or with a key to be tried.

A key is unsealed for as long as its client is open, and goes nowhere else.
"""

import logging
from functools import cache

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from hms_client import HMSClient
from organizations.models import Organization
from tenancy import schemas
from vault import connections, envelope

log = logging.getLogger(__name__)
# HMS answers within a second or two. A page or a worker that waits longer serves nobody.
TIMEOUT_SECONDS = 10


class NoKey(RuntimeError):
    """There is no key to speak with: the agency is not connected, the organization is not ready, or its key does not
    open."""


def with_key(api_key: str, *, retries: int = 0) -> HMSClient:
    """A client for whatever this key belongs to. Raises hms_client.InvalidArgument for text that is no key."""
    return HMSClient(
        api_key,
        base_url=settings.HMS_API_URL,
        web_call_url=settings.HMS_WEB_CALL_URL,
        timeout=TIMEOUT_SECONDS,
        max_retries=retries,
        http_client=_connections(),
    )


def for_agency() -> HMSClient:
    """A client for the parent organization of the agency whose schema we are in. Raises NoKey."""
    try:
        return with_key(connections.hms_key(schemas.current_agency_id()))
    except connections.NotConnected as error:
        raise NoKey(_("The agency is not connected to HMS.")) from error


def for_organization(organization: Organization, *, retries: int = 0) -> HMSClient:
    """A client for a client's own organization. Raises NoKey until its key is known, and when it cannot be unsealed."""
    if organization.api_key_sealed is None:
        raise NoKey(_("The key of this organization is not known yet."))
    sealed = bytes(organization.api_key_sealed)
    try:
        key = envelope.unseal(sealed, agency_id=schemas.current_agency_id(), field=key_field(organization))
    except envelope.CannotOpen as error:
        log.error("the key of organization %s does not open: %s", organization.pk, error)
        raise NoKey(_("The key of this organization cannot be opened.")) from error
    return with_key(key, retries=retries)


def key_field(organization: Organization) -> str:
    """The name under which an organization's key is sealed: a key moved to another row does not open."""
    return f"organization.{organization.pk}.api_key"


@cache
def _connections() -> httpx.Client:
    """Open connections, shared by the threads of this process."""
    return httpx.Client()
