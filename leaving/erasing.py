"""Erasing an agency whose days of grace are over: step by step, each in one transaction with the count of what went.

Whoever is killed leaves the last step undone, not half done, and the next goes on there. When nothing is left there is
a certificate; before that there is none, and the agency is not called closed.
"""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from agencies import addresses, team
from agencies.models import Agency
from domains import links, resolver, verification
from domains.models import Domain
from follow_ups import agenda
from follow_ups.models import FollowUp
from inbox.models import HmsEndpoint, HmsEvent, StripeEvent
from leaving import archive, certificates, closing, sums
from leaving.models import Erasure, Export
from tenancy import door, dropping, schemas
from vault.models import ApiToken, DataKey, HMSConnection, StripeConnection

MAIL_KIND = "certificate_mail"
# What is done for an agency that is not ready any more, in public. Everything else ends when erasing begins.
AFTER_THE_END = frozenset({closing.KIND, MAIL_KIND, verification.KIND, addresses.KIND})
_LOOKED_AT_AGAIN = timedelta(hours=6)
_SECONDS_AT_ONCE = 60.0
_ROWS_AT_ONCE = 2_000
# They name hosts that nobody else may have yet, and the work that frees them.
_STAYS: tuple[type[Any], ...] = (Domain, FollowUp)

Step = Erasure.Step


def go_on(*, agency_id: int, now: datetime) -> datetime | None:
    """Do what is due: wait, begin, or go on. When to come back; None when there is nothing more to do.

    Inside the agency's schema while it is open, in public once erasing has begun.
    """
    agency = Agency.objects.get(pk=agency_id)
    if not agency.is_ready:
        return now if _walk(agency_id, until=time.monotonic() + _SECONDS_AT_ONCE) else None
    if agency.closes_at is None or now < agency.closes_at:
        return agency.closes_at
    if now < agency.closes_at + closing.LONGEST_WAIT and any(closing.on_its_way(agency_id).values()):
        return now + _LOOKED_AT_AGAIN
    _begin(agency_id, now)
    return now


def certificate_for(user_id: str, agency_id: int) -> Erasure:
    """The certificate of an agency that this person owned in the end. Raises Erasure.DoesNotExist."""
    return Erasure.objects.get(pk=agency_id, step=Step.DONE, owners__contains=[{"id": str(user_id)}])


def certificates_for(user_id: str) -> list[Erasure]:
    """Those of all agencies that this person owned in the end, the latest first."""
    found = Erasure.objects.filter(step=Step.DONE, owners__contains=[{"id": str(user_id)}])
    return list(found.order_by("-issued_at"))


def _begin(agency_id: int, now: datetime) -> None:
    """From the commit on nobody enters, and nothing is done any more but this."""
    with door.leave(), transaction.atomic():
        agency = Agency.objects.select_for_update().get(pk=agency_id)
        if not agency.is_ready or agency.closes_at is None or agency.closes_at > now:
            return
        owners = [{"id": str(each.user_id), "email": each.user.email} for each in team.owners_of(agency_id)]
        company = agency.branding.company_name
        Erasure.objects.create(agency_id=agency_id, slug=agency.slug, company_name=company, owners=owners, began_at=now)
        Agency.objects.filter(pk=agency_id).update(state=Agency.State.CLOSING)
        FollowUp.objects.filter(agency_id=agency_id).exclude(kind__in=AFTER_THE_END).delete()
        resolver.forget()


def _walk(agency_id: int, *, until: float) -> bool:
    """Do step after step. Whether there is more to do when the time is over."""
    while time.monotonic() < until:
        with transaction.atomic():
            erasure = Erasure.objects.select_for_update().get(pk=agency_id)
            if erasure.step == Step.DONE:
                return False
            if _STEPS[Step(erasure.step)](erasure):
                order = list(Step)
                erasure.step = order[order.index(Step(erasure.step)) + 1]
            erasure.save()
    return True


def _keys(erasure: Erasure) -> bool:
    """First, so that nothing new comes in. Without the data key whatever was sealed is noise, in any copy."""
    for model in (StripeConnection, HMSConnection, ApiToken, DataKey):
        _note(erasure, model.objects.filter(agency_id=erasure.agency_id).delete()[1])
    return True


def _inbox(erasure: Erasure) -> bool:
    """Some of the messages; over when none is left."""
    for rows in (
        HmsEvent.objects.filter(endpoint__agency_id=erasure.agency_id),
        HmsEndpoint.objects.filter(agency_id=erasure.agency_id),
        StripeEvent.objects.filter(agency_id=erasure.agency_id),
    ):
        chosen = list(rows.values_list("pk", flat=True)[:_ROWS_AT_ONCE])
        if chosen:
            _note(erasure, rows.model._default_manager.filter(pk__in=chosen).delete()[1])
            return False
    return True


def _domains(erasure: Erasure) -> bool:
    """Give the names back. The slug is nobody else's for 90 days, as if it had been changed."""
    mine = Domain.objects.filter(tenant_id=erasure.agency_id)
    for domain in mine.filter(kind=Domain.Kind.CUSTOM).exclude(state=Domain.State.RELEASED):
        verification.release(domain_id=domain.pk)
    ends_at = timezone.now() + addresses.GIVES_WAY_AFTER
    slug = mine.get(domain=links.slug_host(erasure.slug))
    slug.is_primary, slug.is_preferred, slug.gives_way_at = False, False, ends_at
    slug.save(update_fields=["is_primary", "is_preferred", "gives_way_at"])
    agenda.schedule(kind=addresses.KIND, subject=str(slug.pk), due_at=ends_at, agency_id=erasure.agency_id)
    nobodys = f"closed-{erasure.agency_id}-{secrets.token_hex(4)}"
    Agency.objects.filter(pk=erasure.agency_id).update(slug=nobodys)
    resolver.forget()
    return True


def _schema(erasure: Erasure) -> bool:
    """Count, keep the sums, drop: under one lock, so that they are of the same rows."""
    schema = schemas.name_for(erasure.agency_id)
    try:
        tables = dropping.hold(schema)
    except dropping.NoSuchSchema:
        return True
    _note(erasure, {f"agency.{table}": rows for table, rows in dropping.count(schema, tables).items()})
    erasure.chains, erasure.ledger, erasure.purchases = sums.chains(schema), sums.ledger(schema), sums.purchases(schema)
    dropping.drop(schema)
    return True


def _rows(erasure: Erasure) -> bool:
    """Whatever else public has of the agency, in every table that names it, whichever there will be."""
    for export in Export.objects.filter(agency_id=erasure.agency_id):
        archive.remove(export.pk)
    for relation in Agency._meta.related_objects:
        model: Any = relation.related_model
        if model not in _STAYS:
            found = model._default_manager.filter(**{f"{relation.field.name}_id": erasure.agency_id})
            _note(erasure, found.delete()[1])
    FollowUp.objects.filter(agency_id=erasure.agency_id).exclude(kind__in=AFTER_THE_END).delete()
    return True


def _certificate(erasure: Erasure) -> bool:
    """Say what was erased, and sign it."""
    erasure.issued_at = timezone.now()
    erasure.certificate = certificates.signed(sums.document(erasure))
    Agency.objects.filter(pk=erasure.agency_id).update(state=Agency.State.CLOSED)
    for number in range(len(erasure.owners)):
        agenda.schedule(kind=MAIL_KIND, subject=f"{erasure.agency_id}:{number}", agency_id=erasure.agency_id)
    return True


_STEPS: dict[Step, Callable[[Erasure], bool]] = {
    Step.KEYS: _keys,
    Step.INBOX: _inbox,
    Step.DOMAINS: _domains,
    Step.SCHEMA: _schema,
    Step.ROWS: _rows,
    Step.CERTIFICATE: _certificate,
}


def _note(erasure: Erasure, counted: dict[str, int]) -> None:
    """Add to what was erased, by table. Django calls a model by its app; the file calls it by its table."""
    for name, rows in counted.items():
        table = name if name.startswith("agency.") else f"public.{name.lower().replace('.', '_')}"
        erasure.erased[table] = erasure.erased.get(table, 0) + rows
