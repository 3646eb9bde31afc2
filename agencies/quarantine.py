"""Calls on the agency's minutes that are no client's: kept apart and shown, charged to nobody.

They are those of the agency's own organization, and those that two clients' organizations both list, of which the
second is not believed. Organizations at HMS that belong to no client are told as well: their calls cannot be read
without their key. Of a call no number and no word is kept. In the agency's schema, outside a transaction.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import discrepancies
from agencies.models import Discrepancy, StrayCall
from calls import identity, listing, pace, rating
from hms_client import Call as HmsCall
from hms_client import ChildOrganization
from organizations import hms
from organizations.models import Organization
from tenancy import schemas

KIND = "quarantine"
EVERY = timedelta(hours=24)
KEPT = timedelta(days=90)
# A parent's list may hold its children's calls: by then each of them is known as its client's.
_KNOWN_BY_NOW = pace.QUIET + timedelta(hours=1)
_SUBJECT_TWICE, _SUBJECT_OWN, _SUBJECT_CHILD = "calls twice", "calls own", "organization "
_SUBJECT_PARENT = "not below "
_PAGE_SIZE = 200
_LONGEST_NAME = 200


def look(now: datetime) -> None:
    """Read the calls and the children of the agency's own organization, and keep what is no client's.

    Raises an hms_client.HMSError; organizations.hms.NoKey while the agency is not connected.
    """
    with hms.for_agency() as client:
        told = list(client.calls.iterate(start_date=now - listing.SWEEP - _KNOWN_BY_NOW, page_size=_PAGE_SIZE))
        own = client.organizations.get(include_children=True)
    known = identity.known(call.id for call in told).keys()
    _let_go(call for call in told if call.id in known)
    _keep([call for call in told if call.id not in known and _is_old(call, now)], StrayCall.Why.OWN, own.name)
    _of_agency().filter(placed_at__lt=now - KEPT).delete()
    _tell_of_calls(own.name)
    _tell_of_children(own.children or ())
    _tell_of_parents(own.children)


def keep_twice(organization: Organization, calls: Sequence[HmsCall]) -> None:
    """Keep calls that this organization lists and another client was charged for."""
    if not calls:
        return
    _keep(calls, StrayCall.Why.TWICE, organization.hms_name)
    held = _of_agency().filter(why=StrayCall.Why.TWICE).aggregate(calls=Count("pk"), seconds=Sum("measured_seconds"))
    discrepancies.note(
        kind=Discrepancy.Kind.STRAY_CALLS,
        subject=f"{_SUBJECT_TWICE} {organization.pk}",
        words=_("HMS lists calls for %(name)s that another client was charged for already. They are charged once.")
        % {"name": organization.hms_name[:120]},
        facts={"calls": held["calls"], "seconds": held["seconds"] or 0},
        client_id=organization.client_id,
    )


def latest(number: int) -> list[StrayCall]:
    """What is kept, the latest first."""
    return list(_of_agency().order_by("-placed_at", "-pk")[:number])


def count() -> tuple[int, int]:
    """How many calls are kept, and their seconds."""
    found = _of_agency().aggregate(calls=Count("pk"), seconds=Sum("measured_seconds"))
    return found["calls"], found["seconds"] or 0


def not_below_us() -> QuerySet[Discrepancy]:
    """Clients' organizations that HMS did not list below the agency's own when it was last asked."""
    kept = discrepancies.unresolved().filter(kind=Discrepancy.Kind.STRAY_CALLS)
    return kept.filter(subject__startswith=_SUBJECT_PARENT)


def _of_agency() -> QuerySet[StrayCall]:
    return StrayCall.objects.filter(agency_id=schemas.current_agency_id())


def _is_old(call: HmsCall, now: datetime) -> bool:
    is_over = rating.is_over(call.status, has_ended=call.ended_at is not None)
    return is_over and now - (call.ended_at or call.created_at) > _KNOWN_BY_NOW


def _keep(calls: Sequence[HmsCall], why: StrayCall.Why, organization_name: str) -> None:
    now = timezone.now()
    rows = [
        StrayCall(
            agency_id=schemas.current_agency_id(),
            hms_id_hash=_hash(call.id),
            why=why,
            organization_name=organization_name[:_LONGEST_NAME],
            status=call.status[:40],
            direction=(call.direction or "")[:10],
            assistant_name=(call.assistant_name or "")[:_LONGEST_NAME],
            placed_at=call.created_at,
            measured_seconds=call.duration_seconds,
            seen_at=now,
        )
        for call in calls
    ]
    StrayCall.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["agency", "hms_id_hash"],
        update_fields=["why", "status", "measured_seconds", "seen_at"],
    )


def _let_go(calls: Iterable[HmsCall]) -> None:
    """What was kept as nobody's and is a client's after all."""
    hashes = [_hash(call.id) for call in calls]
    _of_agency().filter(why=StrayCall.Why.OWN, hms_id_hash__in=hashes).delete()


def _tell_of_calls(name: str) -> None:
    if not _of_agency().filter(why=StrayCall.Why.OWN).exists():
        discrepancies.gone(kind=Discrepancy.Kind.STRAY_CALLS, subject=_SUBJECT_OWN)
        return
    words = _("Calls of your own HMS organization use your minutes. They are charged to no client.")
    # Not how many: whoever has read this once reads it again only if the organization is another one.
    facts = {"organization": name[:_LONGEST_NAME]}
    discrepancies.note(kind=Discrepancy.Kind.STRAY_CALLS, subject=_SUBJECT_OWN, words=words, facts=facts)


def _tell_of_children(children: Sequence[ChildOrganization]) -> None:
    mine = Organization.objects.all()
    known = {*mine.values_list("hms_id", flat=True), *mine.values_list("hms_name", flat=True)}
    strangers = [child for child in children if child.id not in known and child.name not in known]
    for child in strangers:
        words = _("“%(name)s” at HMS is no client's. Its calls use your minutes and cannot be read here.")
        discrepancies.note(
            kind=Discrepancy.Kind.STRAY_CALLS,
            subject=f"{_SUBJECT_CHILD}{child.id}",
            words=words % {"name": child.name[:120]},
            facts={"organization": child.name[:_LONGEST_NAME], "organization_id": child.id},
        )
    kept = {f"{_SUBJECT_CHILD}{child.id}" for child in strangers}
    told = discrepancies.unresolved().filter(kind=Discrepancy.Kind.STRAY_CALLS, subject__startswith=_SUBJECT_CHILD)
    for row in told:
        if row.subject not in kept:
            discrepancies.gone(kind=Discrepancy.Kind.STRAY_CALLS, subject=row.subject)


def _tell_of_parents(children: Sequence[ChildOrganization] | None) -> None:
    """Clients' organizations that hang on another organization than the agency's use other minutes than its own."""
    if children is None:
        return
    below = {child.id for child in children}
    made = Organization.objects.filter(hms_id__isnull=False, api_key_sealed__isnull=False)
    astray = {f"{_SUBJECT_PARENT}{each.pk}": each for each in made.exclude(hms_id__in=below)}
    for subject, each in astray.items():
        words = _("“%(name)s” is not below your organization at HMS. Its calls do not use your minutes.")
        discrepancies.note(
            kind=Discrepancy.Kind.STRAY_CALLS,
            subject=subject,
            words=words % {"name": each.hms_name[:120]},
            facts={"organization": each.hms_name[:_LONGEST_NAME], "organization_id": each.hms_id},
            client_id=each.client_id,
        )
    for row in not_below_us():
        if row.subject not in astray:
            discrepancies.gone(kind=Discrepancy.Kind.STRAY_CALLS, subject=row.subject)


def _hash(hms_id: str) -> str:
    return hashlib.sha256(hms_id.encode()).hexdigest()
