"""`python -m bench.hms.fetcher`: a process that syncs organizations one after the other, as a worker does.

What HMS answers was asked for beforehand, over real sockets, and lies ready: the time that is measured has everything
but the wire in it. It is read from its JSON, taken in, rated, booked, and the cursor moves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import django

from bench import worker
from bench.worker import NoMoreWork, Work

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

import httpx  # noqa: E402 - the settings come first
from django.utils import timezone  # noqa: E402

from agencies import call_terms  # noqa: E402
from agencies.models import Agency  # noqa: E402
from calls import listing, sync  # noqa: E402
from organizations import assistants, hms, reporting  # noqa: E402
from organizations.models import Organization  # noqa: E402
from tenancy import door  # noqa: E402

# By key and address.
Answers = dict[tuple[str, str], tuple[int, bytes]]


@contextmanager
def backlog(order: Mapping[str, Any]) -> Iterator[Work]:
    """The calls of one organization, from the first one on; every process has its share of the organizations."""
    agency = Agency.objects.get(slug=order["agency"])
    mine = [UUID(pk) for pk in order["organizations"][order["number"] :: order["of"]]]
    with door.enter(agency):
        answers = _fetched(mine)
        terms = call_terms.in_force(agency.pk)
        waiting = iter(mine)
        with httpx.Client(transport=httpx.MockTransport(lambda request: _again(answers, request))) as line:
            hms._connections = lambda: line  # type: ignore[assignment]

            def work() -> int:
                pk = next(waiting, None)
                if pk is None:
                    raise NoMoreWork
                return sync.sync(pk, terms=terms).entries

            yield work


def _fetched(organizations: list[UUID]) -> Answers:
    """What HMS answers to just the questions that a first sync asks."""
    answers: Answers = {}
    with httpx.Client(timeout=60) as wire:

        def send(request: httpx.Request) -> httpx.Response:
            answer = wire.send(request)
            answers[_key(request)] = (answer.status_code, answer.content)
            return httpx.Response(answer.status_code, content=answer.content)

        with httpx.Client(transport=httpx.MockTransport(send)) as line:
            hms._connections = lambda: line  # type: ignore[assignment]
            for organization in Organization.objects.filter(pk__in=organizations):
                start = listing.window_start(organization, sweep=True)
                with hms.for_organization(organization) as client:
                    listing.read(client, organization, start=start, now=timezone.now())
                # Setting up may have asked within the minute for which it is remembered.
                reporting.forget(organization)
                assistants.in_use(organization)
                reporting.forget(organization)
    return answers


def _again(answers: Answers, request: httpx.Request) -> httpx.Response:
    status, content = answers[_key(request)]
    return httpx.Response(status, content=content)


def _key(request: httpx.Request) -> tuple[str, str]:
    return request.headers["Authorization"], str(request.url)


if __name__ == "__main__":
    worker.serve({"backlog": backlog})
