"""The one domain an organization's e-mail is sent from (through Resend)."""

from typing import Final

from hms_client.reading import unwrapped
from hms_client.shapes.settings import Domain, ResendDomains
from hms_client.transport import Transport
from hms_client.values import FrozenMap, Json

_PATH: Final = "/domains"


class Domains:
    """`client.domains`. The address of a portal is not set here."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self) -> Domain | None:
        """Return the domain, None when there is none."""
        return _domain(self._transport.request("GET", _PATH))

    def create(self, *, domain_name: str) -> Domain:
        """Set the domain; the answer holds the DNS records to make."""
        answer = self._transport.request("POST", _PATH, body={"domain_name": domain_name})
        return Domain.from_json(unwrapped(answer, "domain"))

    def delete(self) -> None:
        """Remove the domain."""
        self._transport.request("DELETE", _PATH)

    def verify(self) -> Domain | None:
        """Ask for the DNS records to be checked; read the outcome with `refresh`. None where HMS only says yes."""
        return _changed(self._transport.request("POST", _PATH + "/verify"))

    def refresh(self) -> Domain | None:
        """Fetch the state anew and return it."""
        return _domain(self._transport.request("POST", _PATH + "/refresh"))

    def list_resend_domains(self) -> ResendDomains:
        """Return the domains of the organization's own Resend account."""
        return ResendDomains.from_json(self._transport.request("GET", _PATH + "/sync"))

    def choose_resend_domain(self, resend_domain_id: str) -> Domain | None:
        """Use one of those. None where HMS only says yes."""
        answer = self._transport.request("POST", _PATH + "/sync", body={"resendDomainId": resend_domain_id})
        return _changed(answer)


def _changed(answer: Json) -> Domain | None:
    return _domain(answer) if isinstance(answer, FrozenMap) and "domain" in answer else None


def _domain(answer: Json) -> Domain | None:
    found = unwrapped(answer, "domain")
    return None if found is None else Domain.from_json(found)
