"""Proves once a night that an agency's portal and its Stripe tell the same story, and that its ledger is sound.

The sweep comes first, so that what is found afterwards is a difference and not merely news. Each difference is kept for
a person and told to the operator; one that is gone is closed by itself. In the agency's schema, outside a transaction.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import attention_rows, discrepancies, sweep
from agencies.models import Discrepancy
from billing import books, proof, reconciliation, stripe_gateway
from billing.proof import OpenHolds
from billing.reconciliation import Facts, Finding, Sum
from billing.stripe_listed import ListedEvent, Lists
from follow_ups import agenda
from follow_ups.models import FollowUp
from inbox import stripe_events
from inbox.models import EventState, StripeEvent
from tenancy import schemas
from vault import connections

log = logging.getLogger(__name__)
KIND = "reconcile"
EVERY = timedelta(hours=24)
REACHES_BACK = sweep.REACHES_BACK
# A session is made right after its purchase; two clocks may differ by less than this.
MARGIN = timedelta(hours=1)
# How long an event may wait: for a worker, and for what it needs to be there.
RECEIVED_FOR, FAILED_FOR = timedelta(minutes=15), timedelta(hours=24)
# Stripe needs a moment to list and to deliver.
YOUNG = timedelta(minutes=10)
_NIGHT_STARTS, _NIGHT_MINUTES = 1, 4 * 60
Progress = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What was compared and what differs. `unread` are lists of Stripe's that the key may not read: not compared."""

    sessions: int = 0
    purchases: int = 0
    events: int = 0
    sums: list[Sum] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def schedule(*, due_at: datetime | None = None) -> None:
    """Ask for a comparison of the current agency, now or at `due_at`."""
    agenda.schedule(kind=KIND, due_at=due_at)


def next_night(agency_id: int, now: datetime) -> datetime:
    """When it is next due: in the small hours where the portal is, each agency at a minute of its own."""
    minutes = agency_id * 37 % _NIGHT_MINUTES
    tonight = timezone.localtime(now).replace(hour=_NIGHT_STARTS, minute=0, second=0, microsecond=0)
    due = tonight + timedelta(minutes=minutes)
    return due if due > now else due + EVERY


def look(*, secret_key: str, since: datetime, progress: Progress = lambda words: None) -> Report:
    """Compare everything since then, changing nothing. Raises the failures of stripe_shapes."""
    progress("reading Stripe's lists")
    lists = stripe_gateway.fetch_lists(secret_key=secret_key, since=since - MARGIN)
    return _compared(lists, since, progress)


def run(*, secret_key: str, open_holds: OpenHolds) -> Report:
    """The night's work: sweep, compare, prove the ledger, keep what differs. Raises the failures of stripe_shapes."""
    since = _since()
    swept = sweep.sweep(secret_key=secret_key)
    lists = stripe_gateway.fetch_lists(secret_key=secret_key, since=since - MARGIN)
    # Once more with the very lists that are compared: whatever was paid meanwhile is no difference.
    sweep.apply(lists, secret_key=secret_key, events=())
    report = _compared(lists, since, lambda words: None)
    for event in _missing(lists.events or (), lists.asked_at):
        sweep.pull(event)
    attention_rows.keep(report.findings)
    ledger = proof.verify(open_holds=open_holds)
    attention_rows.keep_proof(ledger.findings)
    _tell(report, len(ledger.findings), swept)
    return report


def _since() -> datetime:
    """30 days, or as far back as it takes to look again at the oldest difference that is not closed."""
    rows = discrepancies.unresolved().filter(kind=Discrepancy.Kind.STRIPE).order_by("found_at")
    oldest = rows.values_list("found_at", flat=True).first() or timezone.now()
    return oldest - REACHES_BACK


def _compared(lists: Lists, since: datetime, progress: Progress) -> Report:
    progress("comparing")
    ours = books.read(livemode=lists.livemode, since=since, named=lists)
    # The margin is there to find sessions, not to look for purchases.
    account_id = connections.stripe_connection(schemas.current_agency_id()).account_id
    reach = replace(lists, since=since, account_id=account_id)
    explained = _explained()
    found = reconciliation.compare(ours, reach, explained=explained)
    if found:
        # What was booked between two reads looks like a difference once, and never twice.
        ours = books.read(livemode=lists.livemode, since=since, named=lists)
        first = {(finding.rule, finding.subject) for finding in found}
        again = reconciliation.compare(ours, reach, explained=explained)
        found = [finding for finding in again if (finding.rule, finding.subject) in first]
    return Report(
        sessions=len(lists.sessions or ()),
        purchases=len(ours.bought),
        events=len(lists.events or ()),
        sums=reconciliation.sums(ours, reach, explained=explained),
        unread=lists.unread,
        findings=[*found, *events_settled(), *events_complete(lists)],
    )


def events_settled() -> Iterable[Finding]:
    """I15: every event is settled, or is going to be tried again soon."""
    now = timezone.now()
    agency_id = schemas.current_agency_id()
    open_events = list(stripe_events.unsettled(agency_id))
    waiting = set(
        FollowUp.objects.filter(
            agency_id=agency_id, kind=stripe_events.KIND, subject__in=[str(event.pk) for event in open_events]
        ).values_list("subject", flat=True)
    )
    for event in open_events:
        longest = RECEIVED_FOR if event.state == EventState.RECEIVED else FAILED_FOR
        if str(event.pk) not in waiting:
            yield _about_event(event, _("Nobody is going to apply this message of Stripe's."))
        elif now - event.received_at > longest:
            yield _about_event(event, _("This message of Stripe's has been waiting for too long."))


def events_complete(lists: Lists) -> Iterable[Finding]:
    """I16: what Stripe lists of the kinds that we understand is in the inbox."""
    missing = _missing(lists.events or (), lists.asked_at)
    if missing:
        words = _("Stripe has events that never reached your portal. We fetch them now. Look at the webhook in Stripe.")
        facts: Facts = {"rule": "I16", "event": missing[0].id, "type": missing[0].type, "missing": len(missing)}
        yield Finding("I16", "events", words, facts=facts)


def _missing(listed: Iterable[ListedEvent], asked_at: datetime) -> list[ListedEvent]:
    old = [event for event in listed if event.event_at < asked_at - YOUNG]
    rows = StripeEvent.objects.filter(agency_id=schemas.current_agency_id(), event_id__in=[event.id for event in old])
    known = set(rows.values_list("event_id", flat=True))
    return [event for event in old if event.id not in known]


def _about_event(event: StripeEvent, words: str) -> Finding:
    facts: Facts = {
        "rule": "I15",
        "event": event.event_id,
        "type": event.type,
        "note": event.note[:200],
        "livemode": event.livemode,
    }
    return Finding("I15", event.event_id, words, facts=facts)


def _explained() -> frozenset[str]:
    """Sessions of payments that a person has looked at and closed."""
    rows = discrepancies.resolved().filter(kind=Discrepancy.Kind.STRAY_PAYMENT)
    return frozenset(rows.values_list("subject", flat=True))


def _tell(report: Report, ledger_findings: int, swept: sweep.Swept) -> None:
    agency_id = schemas.current_agency_id()
    for finding in report.findings:
        log.error("agency %s: %s %s: %s", agency_id, finding.rule, finding.subject, finding.words)
    if ledger_findings:
        log.error("agency %s: the ledger is not proved, %s findings", agency_id, ledger_findings)
    if report.unread:
        log.warning("agency %s: the key may not read %s", agency_id, ", ".join(report.unread))
    log.info("agency %s: compared %s sessions and %s events, %s", agency_id, report.sessions, report.events, swept)
