"""The one Celery task, and the table of what it can do."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import Task

from agencies.models import Agency
from billing import purchases
from billing import refunds as refunds_asked
from follow_ups import agenda
from inbox import stripe_events
from leaving import erasing
from organizations import deliveries as relayed
from portal.celery import app
from portal.jobs import (
    brand,
    client_invitations,
    deliveries,
    documents,
    domains,
    hms,
    invitations,
    ledger,
    notifications,
    receipts,
    reconcile,
    refunds,
    stripe,
)
from portal.jobs import (
    leaving as leaving_jobs,
)
from tenancy import door
from vault import key_shapes

log = logging.getLogger(__name__)

# A job takes its subject and returns when it wants to run again, or None.
Job = Callable[[str], datetime | None]
KINDS: dict[str, Job] = {
    **stripe.JOBS,
    **refunds.JOBS,
    **receipts.JOBS,
    **ledger.JOBS,
    **reconcile.JOBS,
    **hms.JOBS,
    **notifications.JOBS,
    **domains.JOBS,
    **deliveries.JOBS,
    **documents.JOBS,
    **invitations.JOBS,
    **client_invitations.JOBS,
    **brand.JOBS,
    **leaving_jobs.JOBS,
}
# What moves a balance, or lets somebody who paid wait. Mails, comparisons and looks around stand behind them.
_BALANCES = frozenset({stripe_events.KIND, purchases.CHECK_KIND, refunds_asked.CHECK_KIND, "sync_calls"})


# What waits for somebody else's server has workers of its own.
_WAITING = frozenset({relayed.KIND})


class NoAgency(RuntimeError):
    """A task was sent without the agency it is for."""


class AgencyTask(Task):  # type: ignore[misc]
    """A task that runs inside the schema of the agency named by `agency_id`, and not at all without one.

    Of an agency that is closed, only what ends it is done, in public.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        agency_id = kwargs.get("agency_id")
        if not isinstance(agency_id, int):
            raise NoAgency(f"{self.name} needs agency_id")
        agency = Agency.objects.get(pk=agency_id)
        if not agency.is_ready and kwargs.get("kind") in erasing.AFTER_THE_END:
            return super().__call__(*args, **kwargs)
        with door.enter(agency):
            return super().__call__(*args, **kwargs)


def hand_out(claimed: agenda.Claimed) -> None:
    """Send what a follow-up asks for to the workers. Raises what the queue raises when it is away."""
    queue = "1-balances" if claimed.kind in _BALANCES else "2-everything-else"
    if claimed.kind in _WAITING:
        queue = "3-deliveries"
    work = {"agency_id": claimed.agency_id, "row": claimed.id, "kind": claimed.kind}
    look_after.apply_async(kwargs={**work, "subject": claimed.subject, "serial": claimed.serial}, queue=queue)


@app.task(base=AgencyTask, name="look_after")  # type: ignore[untyped-decorator]
def look_after(*, agency_id: int, row: int, kind: str, subject: str, serial: int) -> None:
    """Do what a follow-up asks for, then take it off the agenda; on failure, put it back with a pause.

    What was done meanwhile is left alone: Redis hands a task out again when its worker was killed.
    """
    claimed = agenda.take_up(agenda.Claimed(row, agency_id, kind, subject, serial))
    if claimed is None:
        return
    try:
        again_at = KINDS[kind](subject)
    except Exception as error:
        log.warning("%s of agency %s failed: %s", kind, agency_id, type(error).__name__, exc_info=True)
        agenda.postpone(claimed, error=key_shapes.hidden(f"{type(error).__name__}: {error}"))
    else:
        agenda.finish(claimed, again_at=again_at)
