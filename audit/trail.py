"""Writing the log. An entry is part of the transaction of what it tells, and the last thing in it.

The lock on the agency's chain is held from the entry to the commit, so whoever writes one takes no other lock after it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.models import AuditEntry, AuditHead
from vault import key_shapes

# A text longer than this is cut: the log tells what was changed, it is no copy of it.
_LONGEST = 500


class OutsideTransaction(RuntimeError):
    """An entry was to be written outside the transaction of what it tells."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts, as they are now. `kind` is "member", "operator" or "machine"; `came_from` an IP address or None."""

    kind: str
    id: str
    email: str = ""
    role: str = ""
    came_from: str | None = None


def write(
    *,
    agency_id: int,
    who: Who,
    what: str,
    subject: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry to the agency's log. `before` and `after` hold what is different, by name; keys in them are masked.

    Raises OutsideTransaction when no transaction is open.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{what} belongs into the transaction of what it tells")
    head = _locked_head(agency_id)
    entry = AuditEntry(
        agency_id=agency_id,
        number=head.number + 1,
        at=timezone.now(),
        actor_kind=who.kind,
        actor_id=who.id,
        actor_email=who.email,
        actor_role=who.role,
        what=what,
        subject=_shown(subject)[:300],
        before=_plain(before or {}),
        after=_plain(after or {}),
        came_from=who.came_from,
    )
    entry.digest = digest(entry, head.digest)
    entry.save(force_insert=True)
    AuditHead.objects.filter(pk=agency_id).update(number=entry.number, digest=entry.digest)
    return entry


def digest(entry: AuditEntry, previous: str) -> str:
    """The digest that an entry has to have behind one with the digest `previous` ("" before the first)."""
    told = [
        previous,
        entry.agency_id,
        entry.number,
        entry.at.isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_id,
        entry.actor_email,
        entry.actor_role,
        entry.what,
        entry.subject,
        entry.before,
        entry.after,
        entry.came_from,
    ]
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _locked_head(agency_id: int) -> AuditHead:
    AuditHead.objects.bulk_create([AuditHead(agency_id=agency_id)], ignore_conflicts=True)
    return AuditHead.objects.select_for_update().get(pk=agency_id)


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps it, with keys masked and long texts cut."""
    found: dict[str, Any] = json.loads(json.dumps(facts, default=str), object_hook=_shown_values)
    return found


def _shown_values(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _shown_value(value) for name, value in values.items()}


def _shown_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown_value(each) for each in value]
    return _shown(value) if isinstance(value, str) else value


def _shown(text: str) -> str:
    """What PostgreSQL can keep and anybody of the team may read."""
    return key_shapes.hidden(text.replace("\x00", ""))[:_LONGEST]
