"""Switching a portal on, and only when nothing is missing: a client never meets a half-made portal.

The list of requirements is derived from what is stored, every time: nothing has to be kept in step with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import own_domains, webhook_proof
from agencies.models import Agency
from agencies.own_domains import Standing
from billing.models import Package
from branding import pictures
from branding.models import Picture
from domains import links, resolver
from domains.models import Domain
from tenancy import door
from vault import key_shapes
from vault.models import HMSConnection, StripeConnection


class State(Enum):
    """How a requirement stands."""

    DONE = "done"
    MISSING = "missing"
    WRONG = "wrong"
    # Recommended, and still to be proved; stops nothing.
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the checklist. `shown` is what is there, `reason` why it is not enough and what to do."""

    key: str
    state: State
    shown: str = ""
    reason: str = ""
    is_required: bool = True

    @property
    def stops(self) -> bool:
        """Whether the portal cannot be switched on because of this."""
        return self.is_required and self.state is not State.DONE


class PortalIncomplete(ValueError):
    """The portal was to be switched on while something is missing. `missing` lists it."""

    def __init__(self, missing: list[Requirement]) -> None:
        self.missing = missing
        super().__init__(", ".join(requirement.key for requirement in missing))


class AgencyCloses(ValueError):
    """An agency that was closed stays off, until its owner takes that back."""


@dataclass(frozen=True, slots=True)
class _Facts:
    agency: Agency
    hms: HMSConnection
    stripe: StripeConnection
    packages: list[Package]
    domains: list[Domain]


def requirements(agency: Agency) -> list[Requirement]:
    """Every requirement of the agency's portal, in the order in which one would fill them in. Six queries at most."""
    with door.enter(agency):
        facts = _Facts(
            agency,
            HMSConnection.objects.filter(agency_id=agency.pk).first() or HMSConnection(),
            StripeConnection.objects.filter(agency_id=agency.pk).first() or StripeConnection(),
            list(Package.objects.filter(is_active=True)),
            own_domains.own(agency.pk),
        )
    return [rule(facts) for rule in _RULES]


def switch_on(agency: Agency) -> None:
    """Let clients in. Does nothing when the portal is on already. Raises PortalIncomplete, and AgencyCloses."""
    with transaction.atomic():
        row = Agency.objects.select_for_update(no_key=True).get(pk=agency.pk)
        if row.closes_at is not None:
            raise AgencyCloses(f"agency {row.pk} closes")
        missing = [requirement for requirement in requirements(agency) if requirement.stops]
        if missing:
            raise PortalIncomplete(missing)
        _set(row, is_on=True)
    agency.portal_is_on, agency.portal_on_since = row.portal_is_on, row.portal_on_since


def switch_off(agency: Agency) -> None:
    """Close the portal to clients. What they have paid is credited all the same."""
    with transaction.atomic():
        row = Agency.objects.select_for_update(no_key=True).get(pk=agency.pk)
        _set(row, is_on=False)
    agency.portal_is_on = False


def _set(row: Agency, *, is_on: bool) -> None:
    if row.portal_is_on == is_on:
        return
    row.portal_is_on = is_on
    if is_on:
        row.portal_on_since = timezone.now()
    row.save(update_fields=["portal_is_on", "portal_on_since"])
    resolver.forget()


def _company_name(facts: _Facts) -> Requirement:
    name = facts.agency.branding.company_name
    if name:
        return Requirement("company_name", State.DONE, name)
    return Requirement("company_name", State.MISSING, reason=_("Your clients see it on every page."))


def _logo(facts: _Facts) -> Requirement:
    """Recommended: until there is one, the initials stand in its place."""
    if Picture.Role.LOGO in facts.agency.branding.pictures:
        return Requirement("logo", State.DONE, _("In use."), is_required=False)
    asked = pictures.of(facts.agency.pk).get(Picture.Role.LOGO)
    if asked is None:
        why = _("Until then your initials stand in its place.")
        return Requirement("logo", State.MISSING, reason=why, is_required=False)
    if asked.state == Picture.State.REFUSED:
        return Requirement("logo", State.WRONG, reason=pictures.why(asked), is_required=False)
    return Requirement("logo", State.WAITING, reason=_("It is on its way."), is_required=False)


def _address(facts: _Facts) -> Requirement:
    return Requirement("address", State.DONE, links.portal(facts.agency.pk).split("//", 1)[1].rstrip("/"))


def _hms_key(facts: _Facts) -> Requirement:
    if facts.hms.api_key_sealed is None:
        return Requirement("hms_key", State.MISSING, reason=_("Calls run on your minutes at HMS."))
    left = facts.hms.seconds_left
    if left is None:
        return Requirement("hms_key", State.DONE, facts.hms.organization_name)
    shown = _("%(name)s · %(minutes)s minutes left") % {
        "name": facts.hms.organization_name,
        "minutes": f"{left // 60:,}",
    }
    return Requirement("hms_key", State.DONE, shown)


def _publishable_key(facts: _Facts) -> Requirement:
    key = facts.stripe.publishable_key
    if not key:
        return Requirement("publishable_key", State.MISSING, reason=_("It starts with pk_live_ or pk_test_."))
    return Requirement("publishable_key", State.DONE, key_shapes.mask(key))


def _secret_key(facts: _Facts) -> Requirement:
    if facts.stripe.secret_key_sealed is None:
        return Requirement("secret_key", State.MISSING, reason=_("It starts with sk_ or rk_. It is stored encrypted."))
    key = facts.stripe.publishable_key
    if key and key_shapes.is_live(key) != facts.stripe.livemode:
        mixed = _("One of your two Stripe keys is for test mode and the other is live. Use two of the same mode.")
        return Requirement("secret_key", State.WRONG, facts.stripe.secret_key_mask, mixed)
    return Requirement("secret_key", State.DONE, facts.stripe.secret_key_mask)


def _webhook_secret(facts: _Facts) -> Requirement:
    if facts.stripe.webhook_secret_sealed is None:
        why = _("Through it Stripe tells us that somebody paid. We can set it up for you.")
        return Requirement("webhook_secret", State.MISSING, reason=why)
    return Requirement("webhook_secret", State.DONE, facts.stripe.webhook_secret_mask)


def _package(facts: _Facts) -> Requirement:
    if not facts.packages:
        why = _("What clients can buy: 100 credits for 40.00, for example.")
        return Requirement("package", State.MISSING, reason=why)
    return Requirement("package", State.DONE, ", ".join(package.name for package in facts.packages[:3]))


def _price(facts: _Facts) -> Requirement:
    """One package that Stripe has confirmed is enough to sell."""
    on_sale = [package for package in facts.packages if package.stripe_price_id and package.price_proved_at]
    if on_sale:
        return Requirement("price", State.DONE, f"{on_sale[0].stripe_product_id} · {on_sale[0].stripe_price_id}")
    if not facts.packages:
        why = _("They belong to your first package. Leave them empty there, and we make them in Stripe.")
        return Requirement("price", State.MISSING, reason=why)
    if facts.stripe.secret_key_sealed is None:
        why = _("We make them in Stripe as soon as your secret key is there, or you paste your own.")
        return Requirement("price", State.MISSING, reason=why)
    why = _("Stripe has not confirmed the price of any package yet. Open the package and save it again.")
    return Requirement("price", State.WRONG, facts.packages[0].name, why)


_AS_STATE = {
    webhook_proof.State.PROVED: State.DONE,
    webhook_proof.State.FAILING: State.WRONG,
    webhook_proof.State.DISABLED: State.WRONG,
}


def _connection(facts: _Facts) -> Requirement:
    """Recommended: a portal may go on before Stripe has said a word, and the first purchase proves it."""
    stands = _AS_STATE.get(webhook_proof.state(facts.stripe), State.WAITING)
    if stands is not State.DONE:
        why = webhook_proof.sentence(facts.stripe)
        return Requirement("connection", stands, reason=why, is_required=False)
    missing = len(facts.stripe.missing_events)
    shown = _("Proved: Stripe has reached us.")
    if missing:
        shown = _("Proved, but %(missing)s kinds of events are not sent to us. Add them in Stripe.") % {
            "missing": missing
        }
    return Requirement("connection", stands, shown, is_required=False)


def _domain(facts: _Facts) -> Requirement:
    """Recommended: the slug's host works without it. Of several domains the one that stands best is shown."""
    if not facts.domains:
        why = _("Your clients then find your portal under your own name, such as portal.acme.com.")
        return Requirement("domain", State.MISSING, reason=why, is_required=False)
    best = min(facts.domains, key=lambda domain: list(Standing).index(own_domains.standing(domain)))
    stands = own_domains.standing(best)
    if stands is Standing.ACTIVE:
        return Requirement("domain", State.DONE, best.shown, is_required=False)
    state = State.WRONG if stands in own_domains.TROUBLE else State.WAITING
    why = {
        Standing.PROVED: _("It is proved to be yours. Its certificate is on its way."),
        Standing.WAITING: _("We wait for its record. The page shows what to add at your DNS provider."),
        Standing.FAILING: _("We do not find its record any more. The page shows what is wrong."),
        Standing.BEATEN: _("Another portal has proved this name. The page shows the record that makes it yours."),
        Standing.LOST: _("Its record was gone for seven days, so it is switched off. The page shows what to add."),
    }[stands]
    shown = best.shown if state is State.WRONG else f"{best.shown} · {why}"
    return Requirement("domain", state, shown, why, is_required=False)


_RULES: tuple[Callable[[_Facts], Requirement], ...] = (
    _company_name,
    _logo,
    _address,
    _hms_key,
    _publishable_key,
    _secret_key,
    _webhook_secret,
    _package,
    _price,
    _connection,
    _domain,
)
