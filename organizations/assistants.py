"""Assistants and numbers of a client's organization: read live from HMS, and the first assistant, which we make.

What we make points at our own endpoint from the start. Nothing that is handed out here holds a secret.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from redis import RedisError

from hms_client import Assistant as HmsAssistant
from organizations import hms, reporting, template_assistant
from organizations.models import Organization

T = TypeVar("T")
log = logging.getLogger(__name__)
# Long enough for a page that is loaded twice, short enough that a change at HMS is seen.
_KEEP_SECONDS = 15
# Asked with every new call. What is changed in the dashboard holds at once.
_KEEP_MODE_SECONDS = 60
_LONGEST_CALL_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Assistant:
    """One of the organization's assistants. `reports_to_us`: HMS tells our endpoint about its calls; `is_private`: what
    is said to it is to be shown nowhere.
    """

    id: str
    name: str
    is_active: bool
    max_duration_seconds: int | None
    reports_to_us: bool
    first_message: str = ""
    voice: str = ""
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """One of the organization's numbers, and the assistant that answers it."""

    id: str
    phone_number: str
    name: str
    assistant_id: str | None


def modes(organization: Organization, asked: Collection[str]) -> Mapping[str, bool]:
    """Which of the assistants `asked` for are in privacy mode (True), as they were a minute ago at most.

    HMS is asked anew about one that was not there then; who is still absent, HMS does not list. Raises as `in_use`.
    """

    def fetch() -> dict[str, bool]:
        return {row.id: row.is_private for row in in_use(organization)}

    known = _kept(f"modes.{organization.pk}", fetch, seconds=_KEEP_MODE_SECONDS)
    if not known.keys() >= set(asked):
        reporting.forget(organization)
        known = _kept(f"modes.{organization.pk}", fetch, seconds=_KEEP_MODE_SECONDS)
    return {each: known[each] for each in asked if each in known}


def in_use(organization: Organization) -> tuple[Assistant, ...]:
    """The organization's assistants, by name. Raises hms.NoKey or an hms_client.HMSError."""

    def fetch() -> tuple[Assistant, ...]:
        address = reporting.address(organization.pk)
        with hms.for_organization(organization) as client:
            rows = [_shown(row, address) for row in client.assistants.list()]
        return tuple(sorted(rows, key=lambda row: row.name.casefold()))

    return _kept(f"assistants.{organization.pk}", fetch)


def numbers(organization: Organization) -> tuple[Number, ...]:
    """The organization's numbers that take and make calls. Raises hms.NoKey or an hms_client.HMSError."""

    def fetch() -> tuple[Number, ...]:
        with hms.for_organization(organization) as client:
            rows = client.numbers.list()
        return tuple(
            Number(row.id, row.phone_number, row.name or "", row.assistant_id)
            for row in sorted(rows, key=lambda row: row.phone_number)
            if row.is_active is not False
        )

    return _kept(f"numbers.{organization.pk}", fetch)


def equip(organization_id: UUID) -> None:
    """Give a ready organization its endpoint and, unless it has an assistant already, a first one: a copy of the
    agency's template, or a plain one. Done once.

    Talks to HMS and raises its errors; may be tried again.
    """
    organization = Organization.objects.get(pk=organization_id)
    if organization.state != Organization.State.READY or organization.equipped_at is not None:
        return
    ours = reporting.to_us(organization_id)
    with hms.for_organization(organization) as client:
        if not client.assistants.list() and template_assistant.copy_for(organization, client) is None:
            client.assistants.create(
                name=_("Assistant"),
                first_message=_("Hello, how can I help you?"),
                max_duration_seconds=_LONGEST_CALL_SECONDS,
                **ours,
            )
    Organization.objects.filter(pk=organization_id).update(equipped_at=timezone.now())
    reporting.forget(organization)


def _shown(row: HmsAssistant, address: str | None) -> Assistant:
    return Assistant(
        id=row.id,
        name=row.name,
        is_active=row.is_active is not False,
        max_duration_seconds=row.max_duration_seconds,
        reports_to_us=address is not None and row.webhook_url == address,
        first_message=row.first_message or "",
        voice=_voice(row),
        is_private=row.gdpr_mode is True,
    )


def _voice(row: HmsAssistant) -> str:
    """The voice's name, wherever the kind of assistant keeps it; "" when it says none."""
    for config in (row.tts_config, row.llm_config):
        voice = config.get("voice") if config else None
        if isinstance(voice, str):
            return voice
    return ""


def _kept(key: str, fetch: Callable[[], T], *, seconds: int = _KEEP_SECONDS) -> T:
    """What was fetched some seconds ago, or now. Without the cache, now."""
    try:
        known = cache.get(key)
        if known is None:
            known = fetch()
            cache.set(key, known, timeout=seconds)
    except RedisError as error:
        log.warning("nothing kept: %s", type(error).__name__)
        return fetch()
    return cast("T", known)
