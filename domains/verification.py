"""An agency's own domain: claimed, proved, served, lost, given back. The only writer of such rows.

Nothing is served before the proof, and one name leads to one agency: the first proof wins, whoever claimed first. Every
step that takes a name away from the portal moves the primary host back to the slug in the same transaction.
"""

import base64
import math
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from domains import certificates, doctor, links, names, news, records, resolver, rhythm
from domains.certificates import NoCertificate, Why
from domains.dns import Dns
from domains.findings import Code, Diagnosis
from domains.models import SERVED, Domain, State
from follow_ups import agenda
from tenancy import network

KIND = "check_domain"
MOST_OF_ONE_AGENCY = 20
MISSES_UNTIL_FAILING = 3
ASKED_APART = timedelta(seconds=10)
_TOKEN_BYTES = 20


class AlreadyClaimed(names.BadDomain):
    """The agency has claimed this name before."""


class KeptForAnother(names.BadDomain):
    """Another agency gave the name back not long ago."""


class TooManyDomains(names.BadDomain):
    """The agency has as many names as one may claim."""


class AskedTooSoon(RuntimeError):
    """The name was looked at a moment ago. `seconds_left` until it may be asked for again, at least 1."""

    def __init__(self, seconds_left: int) -> None:
        self.seconds_left = seconds_left
        super().__init__(
            ngettext(
                "This was checked a moment ago. Try again in %(seconds)d second.",
                "This was checked a moment ago. Try again in %(seconds)d seconds.",
                seconds_left,
            )
            % {"seconds": seconds_left}
        )


class NotActive(ValueError):
    """Only a name that is known to work can be the primary host."""


class SlugStays(ValueError):
    """The host of a slug is not a claim: it cannot be given back."""


def claim(*, agency_id: int, typed: str) -> Domain:
    """Note that the agency says this name is its own. What proves it is in domains.records.

    Others may have claimed it too. Raises names.BadDomain, with a sentence for whoever typed it.
    """
    name = names.check_custom(typed, own=links.own_names()).name
    now = timezone.now()
    with transaction.atomic():
        rows = _locked(agency_id, name)
        _refuse(rows, agency_id, name, now)
        domain = next((row for row in rows if row.tenant_id == agency_id and row.domain == name), None)
        if domain is None:
            domain = Domain(domain=name, tenant_id=agency_id, kind=Domain.Kind.CUSTOM, token=_fresh_token())
        # Given back and wanted again: the record that stands in DNS still proves it.
        domain.state, domain.created_at, domain.finding = State.PENDING, now, {}
        domain.failing_at, domain.lost_at, domain.misses = None, None, 0
        domain.was_beaten_at = now if _holder(rows, domain) else None
        domain.save()
        due_at = rhythm.next_check_at(domain, now)
        agenda.schedule(kind=KIND, subject=str(domain.pk), due_at=due_at, agency_id=agency_id)
    return domain


def refresh_now(*, domain_id: int, dns: Dns, now: datetime) -> Domain:
    """`refresh`, because a person asks.

    Raises AskedTooSoon within ten seconds of the last look, and what `refresh` raises.
    """
    # The look is noted before it is made: a second click meanwhile is too soon.
    mine = Domain.objects.filter(pk=domain_id)
    if not mine.filter(Q(checked_at=None) | Q(checked_at__lte=now - ASKED_APART)).update(checked_at=now):
        checked_at = mine.values_list("checked_at", flat=True).get() or now
        raise AskedTooSoon(max(1, math.ceil((checked_at + ASKED_APART - now).total_seconds())))
    return refresh(domain_id=domain_id, dns=dns, now=now)


def refresh(*, domain_id: int, dns: Dns, now: datetime) -> Domain:
    """Look at a claimed name in DNS, and at its certificate, and take what was found as true.

    Asks the network first and outside any transaction. A slug's host and a name given back stay as they are. Raises
    Domain.DoesNotExist when the row is gone, before or meanwhile.
    """
    network.refuse_inside_transaction()
    domain = Domain.objects.get(pk=domain_id)
    if domain.kind == Domain.Kind.SLUG or domain.state == State.RELEASED:
        return domain
    diagnosis, is_certified = _examined(domain, dns)
    with transaction.atomic():
        domain, rows = _locked_with(domain_id)
        before = domain.state
        if before == State.RELEASED:
            return domain
        domain.checked_at, domain.finding = now, diagnosis.finding()
        if not diagnosis.is_proof:
            _proof_missed(domain, now, is_silence=diagnosis.code == Code.TIMED_OUT)
        elif domain.is_served or _wins(domain, rows, now):
            _proof_found(domain, rows, now, proved_by=diagnosis.proved_by, is_certified=is_certified)
        domain.save()
        if domain.state != before:
            _choose_primary(rows, domain.tenant_id)
    return domain


def release(*, domain_id: int) -> None:
    """Give a name back: it serves nothing from now on, and for 30 days nobody but its agency may claim it.

    A claim that was never proved goes without a trace. Raises Domain.DoesNotExist and SlugStays.
    """
    now = timezone.now()
    with transaction.atomic():
        domain, rows = _locked_with(domain_id)
        if domain.kind == Domain.Kind.SLUG:
            raise SlugStays(domain.domain)
        if domain.state == State.RELEASED:
            return
        if domain.verified_at is None:
            domain.delete()
            return
        domain.state, domain.released_at = State.RELEASED, domain.released_at or now
        domain.is_primary = domain.is_preferred = False
        domain.save()
        _choose_primary(rows, domain.tenant_id)
        due_at = rhythm.next_check_at(domain, now)
        agenda.schedule(kind=KIND, subject=str(domain.pk), due_at=due_at, agency_id=domain.tenant_id)


def make_primary(*, domain_id: int) -> None:
    """Make a host the one that links are made of and that the agency's other hosts lead to.

    Raises NotActive for a host that is not known to work, and Domain.DoesNotExist.
    """
    with transaction.atomic():
        domain, rows = _locked_with(domain_id)
        is_own_slug = domain.kind == Domain.Kind.SLUG and domain.gives_way_at is None
        if not is_own_slug and domain.state != State.ACTIVE:
            raise NotActive(_("%(name)s does not work yet. It can be primary once it does.") % {"name": domain.domain})
        _prefer(rows, domain)
        _choose_primary(rows, domain.tenant_id)


def bury(*, domain_id: int, now: datetime) -> bool:
    """Let a row go that nothing is left to wait for. False when it is not over, or gone already."""
    with transaction.atomic():
        domain = Domain.objects.select_for_update(no_key=True).filter(pk=domain_id).first()
        if domain is None or not rhythm.is_over(domain, now):
            return False
        if domain.state == State.PENDING and domain.verified_at is not None:
            # Claimed again and not proved again: what is left of the time it is kept back still runs.
            domain.state = State.RELEASED
            domain.save(update_fields=["state"])
        else:
            domain.delete()
        return True


def _examined(domain: Domain, dns: Dns) -> tuple[Diagnosis, bool]:
    """What DNS says, and whether visitors get a certificate. Where none is needed, whoever is proved counts as such."""
    diagnosis = doctor.examine(
        domain.domain,
        target=records.target(domain),
        challenge=domain.token,
        ingress=settings.INGRESS_ADDRESSES,
        issuer=settings.CAA_ISSUER,
        dns=dns,
    )
    if not diagnosis.is_proof or not settings.CERTIFICATE_PROBE:
        return diagnosis, diagnosis.is_proof
    # A certificate is allowed from the moment on that the proof is noted, which it is not yet.
    if not domain.is_served:
        return diagnosis, False
    try:
        certificates.look_at_our_proxy(domain.domain)
    except NoCertificate as error:
        return _without_certificate(diagnosis, error.why), False
    return diagnosis, True


def _without_certificate(diagnosis: Diagnosis, why: Why) -> Diagnosis:
    """What else is in the way, such as a CAA record, says more than that there is no certificate."""
    if diagnosis.code not in (Code.PROVED_BY_CNAME, Code.PROVED_BY_TXT):
        return diagnosis
    return doctor.certificate_failing(diagnosis, why=certificates.words(why))


def _proof_found(domain: Domain, rows: list[Domain], now: datetime, *, proved_by: str, is_certified: bool) -> None:
    was_served = domain.is_served
    if domain.state not in (State.VERIFIED, State.ACTIVE):
        domain.state, domain.verified_at = State.VERIFIED, now
    domain.proved_by, domain.misses, domain.missed_at = proved_by, 0, None
    domain.failing_at = domain.lost_at = domain.released_at = domain.was_beaten_at = None
    if not was_served:
        news.tell(domain, news.PROVED)
    if is_certified:
        domain.state = State.ACTIVE
        if domain.active_at is None:
            domain.active_at = now
            _prefer(rows, domain)
    elif not was_served:
        # From the commit on a certificate is allowed: look for it at once.
        agenda.schedule(kind=KIND, subject=str(domain.pk), agency_id=domain.tenant_id)


def _wins(domain: Domain, rows: list[Domain], now: datetime) -> bool:
    """Whether the name becomes this agency's. Whoever is served and not failing keeps it; all others are told."""
    holder = _holder(rows, domain)
    if holder is not None and holder.state != State.FAILING:
        _beat(domain, now)
        agenda.schedule(kind=KIND, subject=str(holder.pk), agency_id=holder.tenant_id)
        return False
    if holder is not None:
        holder.state, holder.lost_at = State.LOST, now
    for row in rows:
        if row.domain == domain.domain and row.pk != domain.pk and row.state in (State.PENDING, State.LOST):
            _beat(row, now)
            row.save()
    return True


def _beat(domain: Domain, now: datetime) -> None:
    if domain.was_beaten_at is None:
        domain.was_beaten_at = now
        news.tell(domain, news.BEATEN)


def _proof_missed(domain: Domain, now: datetime, *, is_silence: bool) -> None:
    """Three misses in a row warn and take the primary host away; seven days later nothing is served any more."""
    if not domain.is_served or not rhythm.counts_as_miss(domain, now, is_silence=is_silence):
        return
    domain.misses, domain.missed_at = domain.misses + 1, now
    if domain.state == State.FAILING:
        if domain.failing_at is not None and now >= domain.failing_at + rhythm.FAILING_LIVES:
            domain.state, domain.lost_at = State.LOST, now
            news.tell(domain, news.LOST)
    elif domain.misses >= MISSES_UNTIL_FAILING:
        domain.state, domain.failing_at, domain.is_primary = State.FAILING, now, False
        news.tell(domain, news.FAILING)


def _refuse(rows: Iterable[Domain], agency_id: int, name: str, now: datetime) -> None:
    mine = [row for row in rows if row.tenant_id == agency_id and row.state != State.RELEASED]
    if any(row.domain == name for row in mine):
        raise AlreadyClaimed(_("You have added %(name)s already.") % {"name": name})
    if sum(row.kind == Domain.Kind.CUSTOM for row in mine) >= MOST_OF_ONE_AGENCY:
        raise TooManyDomains(
            _("You have %(most)d domains, the most that one portal can have. Remove one first.")
            % {"most": MOST_OF_ONE_AGENCY}
        )
    for row in rows:
        if row.tenant_id != agency_id and row.released_at and now < row.released_at + rhythm.KEPT_BACK:
            raise KeptForAnother(
                _("Another portal has used %(name)s until recently. It can be added from %(day)s on.")
                % {"name": name, "day": f"{row.released_at + rhythm.KEPT_BACK:%Y-%m-%d}"}
            )


def _locked(agency_id: int, name: str) -> list[Domain]:
    """All rows of the agency and all rows of the name, in one order: two agencies never wait for each other."""
    rows = Domain.objects.select_for_update(no_key=True).filter(Q(tenant_id=agency_id) | Q(domain=name)).order_by("pk")
    list(rows.values_list("pk"))
    # Read again: what somebody added while we waited for the lock was not there for the first statement.
    return list(rows)


def _locked_with(domain_id: int) -> tuple[Domain, list[Domain]]:
    found = Domain.objects.only("tenant_id", "domain").get(pk=domain_id)
    rows = _locked(found.tenant_id, found.domain)
    domain = next((row for row in rows if row.pk == domain_id), None)
    if domain is None:
        raise Domain.DoesNotExist(domain_id)
    return domain, rows


def _holder(rows: Iterable[Domain], domain: Domain) -> Domain | None:
    """Another agency's row of the same name that is served."""
    same = (row for row in rows if row.domain == domain.domain and row.pk != domain.pk)
    return next((row for row in same if row.state in SERVED), None)


def _prefer(rows: Iterable[Domain], domain: Domain) -> None:
    Domain.objects.filter(tenant_id=domain.tenant_id, is_preferred=True).update(is_preferred=False)
    Domain.objects.filter(pk=domain.pk).update(is_preferred=True)
    for row in rows:
        if row.tenant_id == domain.tenant_id:
            row.is_preferred = row.pk == domain.pk


def _choose_primary(rows: Iterable[Domain], agency_id: int) -> None:
    """The preferred host while it is active, else the slug's. Whatever changed, every process asks anew."""
    mine = [row for row in rows if row.tenant_id == agency_id]
    preferred = next((row for row in mine if row.is_preferred and row.state == State.ACTIVE), None)
    slug = next(row for row in mine if row.kind == Domain.Kind.SLUG and row.gives_way_at is None)
    chosen = preferred or slug
    Domain.objects.filter(tenant_id=agency_id, is_primary=True).exclude(pk=chosen.pk).update(is_primary=False)
    Domain.objects.filter(pk=chosen.pk).update(is_primary=True)
    for row in mine:
        row.is_primary = row.pk == chosen.pk
    resolver.forget()


def _fresh_token() -> str:
    """160 bits that fit into one label of a name."""
    return base64.b32encode(secrets.token_bytes(_TOKEN_BYTES)).decode().lower()
