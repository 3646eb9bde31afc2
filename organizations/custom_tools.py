"""Tools of a client's own system, such as its calendar: kept here, named by assistants at HMS, asked through us.

The values of headers and the secret that signs are sealed for the organization and the tool, and never come out. A
header that was typed for one host is not sent to another. The name never changes: assistants know the tool by it.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from hms_client import FrozenMap
from hms_client.values import decode, encode
from inbox import hms_targets
from organizations import headers, knowledge, tool_schemas
from organizations.configurations import COVER, plain
from organizations.models import Organization
from organizations.refusals import WrongField
from tenancy import schemas
from vault import envelope

MOST = 20
LONGEST_NAME = 48
SHORTEST_SECONDS, USUAL_SECONDS, LONGEST_SECONDS = 1, 5, 8
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_DESCRIPTION = 1_000
# Tools that HMS has, or we have ourselves.
_TAKEN = {"end_call", "endcall", "transfer_call", "transfercall", knowledge.NAME}


class WrongTool(WrongField):
    """This cannot be a tool."""


class NoSuchTool(LookupError):
    """The organization has no tool of this name."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What of a tool is secret: the values of its headers, and what its messages are signed with."""

    headers: Mapping[str, str]
    secret: str

    def __repr__(self) -> str:
        return "Sealed(***)"


@dataclass(frozen=True, slots=True)
class CustomTool:
    """A tool, without what is secret of it. `parameters` is a JSON Schema, the seconds are those to wait at most."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    url: str
    header_names: tuple[str, ...]
    timeout_seconds: int
    sealed: str = field(repr=False)

    def entry(self) -> dict[str, Any]:
        """How an assistant at HMS is told of it."""
        parameters = plain(self.parameters) or {"type": "object", "properties": {}}
        return {"name": self.name, "description": self.description, "parameters": parameters}


def all_of(organization: Organization) -> tuple[CustomTool, ...]:
    """The organization's tools, by name."""
    rows = (_read(name, kept) for name, kept in organization.custom_tools.items())
    return tuple(sorted(rows, key=lambda tool: tool.name.casefold()))


def find(organization: Organization, name: str) -> CustomTool:
    """The tool of this name. Raises NoSuchTool."""
    kept = organization.custom_tools.get(name)
    if kept is None:
        raise NoSuchTool(name)
    return _read(name, kept)


def opened(organization: Organization, tool: CustomTool) -> Sealed:
    """What is secret of the tool, for as long as a request needs it. Raises vault.envelope.CannotOpen."""
    text = envelope.unseal(
        base64.b64decode(tool.sealed), agency_id=schemas.current_agency_id(), field=_field(organization, tool.name)
    )
    kept = json.loads(text)
    return Sealed(kept["headers"], kept["secret"])


def add(
    *,
    organization: Organization,
    name: str,
    description: str,
    parameters: Mapping[str, Any],
    url: str,
    headers: Mapping[str, str],
    secret: str,
    timeout_seconds: int,
) -> CustomTool:
    """Keep a new tool. Without a secret one is made up, since nothing leaves unsigned. Raises WrongTool."""
    tool = CustomTool(name, description, parameters, url, (), timeout_seconds, "")
    _check(tool)
    with _locked(organization) as locked:
        if len(locked.custom_tools) >= MOST:
            raise WrongTool("name", _("At most %(most)d tools can be kept for a client.") % {"most": MOST})
        if name.lower() in {each.lower() for each in locked.custom_tools}:
            raise WrongTool("name", _("There is a tool of this name already."))
        made = _sealed(locked, tool, _merged(headers, {}), _secret(secret) or token_urlsafe(24))
        locked.custom_tools[name] = _kept(made)
    return made


def change(
    *,
    organization: Organization,
    name: str,
    description: str,
    parameters: Mapping[str, Any],
    url: str,
    headers: Mapping[str, str],
    secret: str,
    timeout_seconds: int,
) -> CustomTool:
    """Change a tool. A blank secret keeps the stored one, and so does a header that is a cover.

    Raises WrongTool, also for covers when the address is on another host, and NoSuchTool.
    """
    with _locked(organization) as locked:
        stored = find(locked, name)
        known = opened(locked, stored)
        tool = replace(stored, description=description, parameters=parameters, url=url, timeout_seconds=timeout_seconds)
        _check(tool)
        if COVER in headers.values() and _host(url) != _host(stored.url):
            words = _("The address is on another host. Write the values again, if they are meant for that one.")
            raise WrongTool("headers", words)
        made = _sealed(locked, tool, _merged(headers, known.headers), _secret(secret) or known.secret)
        locked.custom_tools[name] = _kept(made)
    return made


def remove(*, organization: Organization, name: str) -> None:
    """Forget a tool, with its secrets. Nothing happens when there is none."""
    with _locked(organization) as locked:
        locked.custom_tools.pop(name, None)


@contextmanager
def _locked(organization: Organization) -> Iterator[Organization]:
    """The organization's row, locked; what was made of its tools is saved, and known to the caller's copy."""
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        yield row
        row.save(update_fields=["custom_tools"])
    organization.custom_tools = row.custom_tools


def _check(tool: CustomTool) -> None:
    if not _NAME.fullmatch(tool.name) or len(tool.name) > LONGEST_NAME:
        words = _("Letters, digits, _ and -, beginning with a letter, at most %(most)d: such as find_customer.")
        raise WrongTool("name", words % {"most": LONGEST_NAME})
    if tool.name.lower() in _TAKEN:
        raise WrongTool("name", _("A tool of this name comes with every assistant. Choose another name."))
    if not tool.description.strip() or len(tool.description) > _LONGEST_DESCRIPTION:
        raise WrongTool("description", _("Say when the assistant is to use it, in at most 1,000 characters."))
    if not SHORTEST_SECONDS <= tool.timeout_seconds <= LONGEST_SECONDS:
        words = _("Between %(least)d and %(most)d seconds: somebody waits on the line.")
        raise WrongTool("timeout_seconds", words % {"least": SHORTEST_SECONDS, "most": LONGEST_SECONDS})
    try:
        tool_schemas.check(tool.parameters)
    except tool_schemas.NotASchema as error:
        raise WrongTool("parameters", str(error)) from error
    try:
        hms_targets.check(tool.url)
    except hms_targets.WrongTarget as error:
        raise WrongTool("url", str(error)) from error


def _merged(typed: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    try:
        return headers.merged(typed, stored)
    except headers.NotHeaders as error:
        raise WrongTool("headers", str(error)) from error


def _secret(typed: str) -> str:
    if typed and not hms_targets.SHORTEST_SECRET <= len(typed) <= hms_targets.LONGEST_SECRET:
        words = _("A secret has %(least)d to %(most)d characters.")
        limits = {"least": hms_targets.SHORTEST_SECRET, "most": hms_targets.LONGEST_SECRET}
        raise WrongTool("secret", words % limits)
    return typed


def _host(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def _sealed(organization: Organization, tool: CustomTool, values: Mapping[str, str], secret: str) -> CustomTool:
    text = json.dumps({"headers": dict(values), "secret": secret})
    sealed = envelope.seal(text, agency_id=schemas.current_agency_id(), field=_field(organization, tool.name))
    return replace(tool, header_names=tuple(values), sealed=base64.b64encode(sealed).decode())


def _kept(tool: CustomTool) -> dict[str, Any]:
    return {
        "description": tool.description,
        # As text: its names keep their order, and a fraction stays what was typed.
        "parameters": encode(tool.parameters).decode(),
        "url": tool.url,
        "header_names": list(tool.header_names),
        "timeout_seconds": tool.timeout_seconds,
        "sealed": tool.sealed,
    }


def _read(name: str, kept: Mapping[str, Any]) -> CustomTool:
    parameters = decode(kept["parameters"].encode())
    return CustomTool(
        name=name,
        description=kept["description"],
        parameters=plain(parameters) if isinstance(parameters, FrozenMap) else {},
        url=kept["url"],
        header_names=tuple(kept["header_names"]),
        timeout_seconds=kept["timeout_seconds"],
        sealed=kept["sealed"],
    )


def _field(organization: Organization, name: str) -> str:
    return f"organization.{organization.pk}.custom_tool.{name}"
