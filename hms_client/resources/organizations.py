"""The organization of the key, and children billed to it."""

from typing import Final

from hms_client.reading import unwrapped
from hms_client.resources.collection import given
from hms_client.shapes.organizations import CreatedOrganization, Organization, Retention
from hms_client.transport import Transport

_PATH: Final = "/organizations"


class Organizations:
    """`client.organizations`. A key reaches its own organization only; a child needs the child's key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, *, include_children: bool = False) -> Organization:
        """Return the organization of the key, with its children when asked."""
        answer = self._transport.request("GET", _PATH, query={"include_children": include_children or None})
        return Organization.from_json(unwrapped(answer, "organization"))

    def create(self, *, name: str, parent_org_id: str | None = None) -> CreatedOrganization:
        """Create an organization; with `parent_org_id` a child that uses, and is billed to, that parent's minutes.

        Never repeated by this library. When an error's `outcome_unknown` is True it may exist all
        the same: look for its name among the children first, and know that its key is then lost.
        """
        answer = self._transport.request("POST", _PATH, body=given(name=name, parent_org_id=parent_org_id))
        return CreatedOrganization.from_json(unwrapped(answer, "organization"))

    def set_retention(self, *, content_retention_days: int, metadata_retention_days: int) -> Retention:
        """Set how long HMS keeps content (30, 90, 180, 365 days) and metadata (also 730) of the key's own calls.

        Raises BadRequest for other numbers, or for content kept longer than metadata.
        """
        body = given(content_retention_days=content_retention_days, metadata_retention_days=metadata_retention_days)
        return Retention.from_json(self._transport.request("PATCH", _PATH, body=body))
