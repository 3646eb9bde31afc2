"""Opening an agency: its row, its address, its brand and its schema, all in one transaction or not at all."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agencies import addresses
from agencies.models import Agency, Membership
from branding import dressing
from branding.models import Branding
from domains import links, names, resolver
from domains.models import Domain
from people.models import User
from tenancy import template

# Each agency is a schema: enough for whoever runs several brands, too few to fill the database with.
MOST_OPEN_BY_ONE_OWNER = 10


class TooManyAgencies(ValueError):
    """The owner has as many agencies as one person may open. The message is for them."""


def open_agency(*, slug: str, company_name: str, owner: User) -> Agency:
    """Open an agency for an owner who is a person in public.

    Raises names.BadSlug for a slug that cannot be used, addresses.SlugTaken when somebody has it, and TooManyAgencies
    for an owner of MOST_OPEN_BY_ONE_OWNER.
    """
    names.check_slug(slug)
    try:
        with transaction.atomic():
            _refuse_too_many(owner)
            agency = Agency.objects.create(slug=slug)
            template.create_schema(agency.schema_name)
            Domain.objects.create(domain=links.slug_host(slug), tenant=agency, is_primary=True)
            Membership.objects.create(agency=agency, user=owner, role=Membership.Role.OWNER)
            branding = Branding(agency=agency, company_name=company_name)
            dressing.dress(branding)
            branding.save()
            resolver.forget()
    except IntegrityError as error:
        if addresses.agency_id_of(slug) is not None:
            raise addresses.SlugTaken(_("This address is taken. Please choose another.")) from error
        raise
    return agency


def is_free(slug: str) -> bool:
    """Whether the slug may be used by a new agency right now."""
    try:
        addresses.refuse_unusable(slug)
    except names.BadSlug:
        return False
    return True


def suggest_slug(company_name: str) -> str:
    """A free slug made of the company's name, numbered when the plain one is taken; empty when none comes of it."""
    plain = names.suggest_slug(company_name)
    if not plain:
        return ""
    numbered = (f"{plain[:46].rstrip('-')}-{number}" for number in range(2, 100))
    return next((slug for slug in (plain, *numbered) if is_free(slug)), "")


def _refuse_too_many(owner: User) -> None:
    """Under a lock on the owner, so that two forms sent at once are counted one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    owned = Membership.objects.filter(user=owner, role=Membership.Role.OWNER).exclude(agency__state=Agency.State.CLOSED)
    if owned.count() >= MOST_OPEN_BY_ONE_OWNER:
        raise TooManyAgencies(
            _("You have %(most)d agencies, the most that one person can open. Please get in touch with us for more.")
            % {"most": MOST_OPEN_BY_ONE_OWNER}
        )
