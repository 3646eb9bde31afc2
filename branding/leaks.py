"""Finds names on an agency's portal that are not its own: in what visitors and mail readers get, line by line.

`scan` is pure; what was found is kept for the page that shows it. A name of the agency itself is never a find, even
where it holds one of the others.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from branding.models import LeakCheck
from follow_ups import agenda

KIND = "leak_check"
_AROUND = 40
_MOST_FINDINGS = 200
_ADDRESS = re.compile(
    r"""(?:\b(?:href|src|action|content)\s*=\s*["']|\b)(https?://([a-z0-9.-]+)[^\s"'<>)]*)""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name that must not show. `what` is the kind of it ("provider", "platform", "address")."""

    text: str
    what: str
    # A plain word such as "Portal" is a name only when it is written like one.
    is_case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a foreign name shows. `place` says where (a page's path, a mail), `line` counts from 1.

    `what` is a Name's, or "link" (of somebody else), "sender", "checkout", "statement", "icon", "own_domain".
    """

    place: str
    line: int
    what: str
    found: str
    excerpt: str


def scan(
    place: str, text: str, *, names: Sequence[Name], own: Sequence[str], hosts: Iterable[str] = ()
) -> list[Finding]:
    """Every line of `text` that holds one of `names`, or a web address on a host that is not among `hosts`.

    `own` are the agency's own names and hosts. `hosts` empty: addresses are not looked at.
    """
    findings, allowed = [], {host.lower() for host in hosts}
    for number, line in enumerate(text.splitlines(), start=1):
        blanked = _without(line, own)
        # The longest first: what is a part of it is no find of its own.
        for name in sorted(names, key=lambda name: len(name.text), reverse=True):
            if match := _pattern(name).search(blanked):
                findings.append(Finding(place, number, name.what, match[0], _around(line, *match.span())))
                blanked = _pattern(name).sub(lambda match: " " * len(match[0]), blanked)
        for match in _ADDRESS.finditer(line) if allowed else ():
            if match[2].lower() not in allowed and not any(f.line == number for f in findings):
                findings.append(Finding(place, number, "link", match[1][:200], _around(line, *match.span(1))))
    return findings


def start(agency_id: int) -> LeakCheck:
    """Ask for a search. Asking while one is on its way changes nothing."""
    with transaction.atomic():
        check, _made = LeakCheck.objects.select_for_update().get_or_create(agency_id=agency_id)
        if check.state == LeakCheck.State.RUNNING and _is_alive(check):
            return check
        check.state, check.asked_at, check.done, check.total = LeakCheck.State.WAITING, timezone.now(), 0, 0
        check.save()
        agenda.schedule(kind=KIND, agency_id=agency_id)
    return check


def of(agency_id: int) -> LeakCheck | None:
    """The last search."""
    return LeakCheck.objects.filter(agency_id=agency_id).first()


def note_progress(*, agency_id: int, done: int, total: int) -> None:
    """So many places of so many are looked at."""
    running = LeakCheck.State.RUNNING
    LeakCheck.objects.filter(agency_id=agency_id).update(state=running, done=done, total=total)


def finish(*, agency_id: int, findings: Sequence[Finding], unseen: Sequence[str], at: datetime) -> None:
    """Keep what was found, and the keys of what could not be looked at."""
    LeakCheck.objects.filter(agency_id=agency_id).update(
        state=LeakCheck.State.DONE,
        finished_at=at,
        findings=[asdict(finding) for finding in findings[:_MOST_FINDINGS]],
        unseen=list(unseen),
    )


def same_name(one: str, other: str) -> bool:
    """Whether two names mean the same company: equal but for case, signs and what companies add to theirs."""
    first, second = _core(one), _core(other)
    return bool(first) and bool(second) and (first == second or first.startswith(second) or second.startswith(first))


def _core(name: str) -> str:
    words = re.findall(r"\w+", name.casefold())
    return "".join(word for word in words if word not in _FORMS) or "".join(words)


_FORMS = frozenset("bv nv gmbh ag kg ug ltd llc inc corp co company sarl sas srl spa ab oy as aps limited plc".split())


def _pattern(name: Name) -> re.Pattern[str]:
    flags = 0 if name.is_case_sensitive else re.IGNORECASE
    return re.compile(rf"(?<!\w){re.escape(name.text)}(?!\w)", flags)


def _without(line: str, own: Sequence[str]) -> str:
    """The line with the agency's own names blanked, as long as before."""
    for name in sorted(own, key=len, reverse=True):
        if name:
            line = re.sub(
                rf"(?<![\w-]){re.escape(name)}(?![\w-])", lambda match: " " * len(match[0]), line, flags=re.IGNORECASE
            )
    return line


def _around(line: str, start: int, end: int) -> str:
    cut = line[max(0, start - _AROUND) : end + _AROUND].strip()
    return " ".join(cut.split())


def _is_alive(check: LeakCheck) -> bool:
    return timezone.now() - check.asked_at < agenda.LEASE
