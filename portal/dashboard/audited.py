"""Writing into the agency's log what a dashboard's view did: one decorator on each view that changes something.

A view that changes our rows alone runs in one transaction with its entry. A view that asks others meanwhile (`outside`)
may hold no transaction open: its entry follows at once in one of its own, also when the view broke.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.messages import get_messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from audit import trail
from portal.dashboard import facts
from portal.dashboard.facts import Facts
from portal.dashboard.roles import actor_of, agency_of

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
_READS = ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class _Told:
    """What a view said itself, because nobody else knows: see `tell`."""

    after: list[dict[str, Any]] = field(default_factory=list)


def who(request: HttpRequest) -> trail.Who:
    """Who is working on this dashboard, and from where."""
    actor = actor_of(request)
    return trail.Who(actor.kind, actor.id, actor.email, actor.role, came_from=came_from(request))


def came_from(request: HttpRequest) -> str:
    """The address of whoever asks, as far as our own proxies tell it."""
    return str(get_adapter().get_client_ip(request))


def tell(request: HttpRequest, **after: Any) -> None:
    """Say inside an audited view what it did. A view that `tells` and says nothing has changed nothing."""
    request.audit_told.after.append(after)  # type: ignore[attr-defined]


def audited(
    what: str,
    *,
    of: Facts | None = None,
    typed: Sequence[str] = (),
    tells: bool = False,
    outside: bool = False,
    reads: bool = False,
) -> Callable[[View], View]:
    """Guard a view with an entry `what` in the log.

    Without more, there is an entry when the view answers with a redirect and no complaint. `of` reads what may change,
    before and after: there is an entry when that differs. A view that `tells` calls `tell`. The fields named in `typed`
    stand in the entry as they were sent. `reads` is for exports, which are asked for by GET.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **ids: Any) -> HttpResponseBase:
            if request.method in _READS and not reads:
                return view(request, *args, **ids)
            request.audit_told = told = _Told()  # type: ignore[attr-defined]
            subject, before = facts.subject(ids), of(agency_of(request), ids) if of else {}
            answer: HttpResponseBase | None = None

            def write() -> None:
                after = of(agency_of(request), ids) if of else {}
                sent = {name: request.POST[name] for name in typed if request.POST.get(name)}
                for was, is_now in _entries(
                    request, answer, told, before, after, is_told=tells, is_read=of is not None
                ):
                    _write(request, what, subject, was, {**is_now, **sent})

            with _after_all(write) if outside else transaction.atomic():
                answer = view(request, *args, **ids)
                if not outside:
                    write()
            return answer

        guarded.audited = what  # type: ignore[attr-defined]
        return cast("View", guarded)

    return guard


@contextmanager
def _after_all(write: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    finally:
        with transaction.atomic():
            write()


def _entries(
    request: HttpRequest,
    answer: HttpResponseBase | None,
    told: _Told,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    is_told: bool,
    is_read: bool,
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What is to be written: pairs of before and after, usually one or none."""
    if told.after or is_told:
        return [({}, said) for said in told.after]
    if is_read:
        was, is_now = facts.different(before, after)
        return [(was, is_now)] if was or is_now else []
    return [({}, {})] if answer is not None and _went_through(request, answer) else []


def _went_through(request: HttpRequest, answer: HttpResponseBase) -> bool:
    """Whether a view did what was asked: it leads on, or gives the file, and has not complained."""
    expected = (200,) if request.method in _READS else (302, 303)
    said = getattr(get_messages(request), "_queued_messages", [])
    return answer.status_code in expected and all(each.level < messages.ERROR for each in said)


def _write(request: HttpRequest, what: str, subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    trail.write(
        agency_id=agency_of(request).pk, who=who(request), what=what, subject=subject, before=before, after=after
    )
