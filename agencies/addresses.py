"""An agency's slug: who has it, and changing it without breaking what still uses the old one.

For 90 days the old slug's host leads on to the new one and its webhooks are taken; nobody else can have it meanwhile.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Agency
from domains import links, names, resolver
from domains.models import Domain
from follow_ups import agenda
from tenancy.wire import connection

KIND = "slug_gives_way"
GIVES_WAY_AFTER = timedelta(days=90)
# Each keeps a name from everybody else: enough for second thoughts, too few to collect names.
MOST_FORMER_SLUGS = 5
_WHOSE = "SELECT tenant_id FROM public.domains_domain WHERE domain = %s::text AND kind = 'slug'"


class SlugTaken(names.BadSlug):
    """Another agency has this slug, or had it not long ago. The message is for the person who typed it."""


class SlugIsYours(names.BadSlug):
    """The agency has this slug now. The message is for the person who typed it."""


class ChangedTooOften(names.BadSlug):
    """The agency still keeps MOST_FORMER_SLUGS slugs from others. The message is for the person who typed it."""


def agency_id_of(slug: str) -> int | None:
    """The agency whose slug this is, or was in the last 90 days. One query."""
    found = connection.ask_prepared(_WHOSE, [links.slug_host(slug)])
    return None if found is None else int(found[0])


def former_slugs(agency_id: int) -> list[str]:
    """The slugs that the agency had in the last 90 days and that nobody else can have yet. One query."""
    rows = Domain.objects.filter(tenant_id=agency_id, kind=Domain.Kind.SLUG, gives_way_at__isnull=False)
    return [row.domain.removesuffix(links.slug_host("")) for row in rows.order_by("-gives_way_at")]


def refuse_unusable(slug: str) -> None:
    """Raise names.BadSlug, with a message for whoever typed it, unless a new agency may have this slug right now."""
    names.check_slug(slug)
    if agency_id_of(slug) is not None:
        raise SlugTaken(_("This address is taken. Please choose another."))


def refuse_change(*, agency_id: int, slug: str) -> None:
    """Raise names.BadSlug, with a message for whoever typed it, unless the agency may change to this slug right now."""
    names.check_slug(slug)
    if agency_id_of(slug) not in (None, agency_id):
        raise SlugTaken(_("This address is taken. Please choose another."))
    mine = {row.domain: row for row in Domain.objects.filter(tenant_id=agency_id, kind=Domain.Kind.SLUG)}
    same = mine.pop(links.slug_host(slug), None)
    if same is not None and same.gives_way_at is None:
        raise SlugIsYours(_("This is your address already."))
    _refuse_one_more(mine.values())


def change_slug(*, agency_id: int, slug: str) -> Agency:
    """Give the agency another slug; the same one changes nothing. A slug of its own that still gives way comes back.

    Raises names.BadSlug: SlugTaken, ChangedTooOften, or for a slug that nobody can have.
    """
    names.check_slug(slug)
    try:
        with transaction.atomic():
            agency = Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
            if agency.slug == slug:
                return agency
            _move_host(agency, slug, timezone.now())
            agency.slug = slug
            agency.save(update_fields=["slug"])
            resolver.forget()
    except IntegrityError as error:
        raise SlugTaken(_("This address is taken. Please choose another.")) from error
    return agency


def give_way(*, domain_id: int, now: datetime) -> datetime | None:
    """Let a former slug go once its time is over; then it is free for everybody. While it is not: when it will be."""
    with transaction.atomic():
        former = Domain.objects.select_for_update(no_key=True).filter(pk=domain_id, gives_way_at__isnull=False).first()
        if former is None or former.gives_way_at is None:
            return None
        if now < former.gives_way_at:
            return former.gives_way_at
        former.delete()
        resolver.forget()
    return None


def _move_host(agency: Agency, slug: str, now: datetime) -> None:
    """The new slug's host takes the place of the old one; the old one leads on to it from now on."""
    hosts = {row.domain: row for row in _slug_hosts(agency.pk)}
    old = hosts[links.slug_host(agency.slug)]
    new = hosts.pop(links.slug_host(slug), None) or Domain(domain=links.slug_host(slug), tenant_id=agency.pk)
    _refuse_one_more(hosts.values())
    is_primary, is_preferred = old.is_primary, old.is_preferred
    old.is_primary = old.is_preferred = False
    old.gives_way_at = now + GIVES_WAY_AFTER
    old.save()
    new.is_primary, new.is_preferred, new.gives_way_at = is_primary, is_preferred, None
    new.save()
    agenda.schedule(kind=KIND, subject=str(old.pk), due_at=old.gives_way_at, agency_id=agency.pk)


def _refuse_one_more(others: Iterable[Domain]) -> None:
    """`others`: the agency's slug hosts without the one it wants. Each of them will give way, or does already."""
    ends = [row.gives_way_at for row in others if row.gives_way_at is not None]
    if len(ends) >= MOST_FORMER_SLUGS:
        raise ChangedTooOften(
            _("You have changed your address often. You can change it again from %(day)s on.")
            % {"day": f"{min(ends):%Y-%m-%d}"}
        )


def _slug_hosts(agency_id: int) -> list[Domain]:
    rows = Domain.objects.select_for_update(no_key=True).filter(tenant_id=agency_id)
    return [row for row in rows.order_by("pk") if row.kind == Domain.Kind.SLUG]
