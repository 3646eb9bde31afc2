"""What a change may change, as it stands now: read before and after, the difference goes into the log. Never a secret.

Each of the readers takes the agency and what the address names, and gives values by name.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import BinaryField, Model

from agencies import client_invitations as asked
from agencies import invitations
from agencies import team as memberships
from agencies.models import Agency, CallTerms, ClientInvitation, Invitation, Membership, MinutesWatch, OwnershipOffer
from billing.models import Dispute, Package, Purchase
from branding import pictures as drawn
from branding.models import Branding, MailServer
from clients.models import Client
from domains.models import Domain
from inbox.models import HmsEndpoint
from organizations.models import Document, Organization
from vault.models import ApiToken, HMSConnection, StripeConnection

Facts = Callable[[Agency, Mapping[str, Any]], dict[str, Any]]
Ids = Mapping[str, Any]

# Whose names are looked up. The number of a purchase or a delivery stands beside the client's name.
_NAMED = ("client_id", "package_id", "domain_id", "document_id", "member_id", "invitation_id", "invite_id")
_PACKAGE = """
    name description credits price_minor currency lifetime_days is_active is_hidden is_recommended position
    stripe_price_id stripe_product_id
"""
_STRIPE = "publishable_key secret_key_mask webhook_secret_mask webhook_endpoint_id livemode account_id"


def different(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is in one and not in the other, or otherwise there; of groups of values only what is different in them."""
    was: dict[str, Any] = {}
    is_now: dict[str, Any] = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            old, new = different(old, new)
        if old != new:
            was |= {name: old} if name in before else {}
            is_now |= {name: new} if name in after else {}
    return was, is_now


def subject(ids: Ids) -> str:
    """What an address is about, in words: looked up before the view, which may remove it."""
    found = []
    if "client_id" in ids:
        found.append(_named(Client.objects.filter(pk=ids["client_id"]).values_list("name", flat=True)))
    if "package_id" in ids:
        found.append(_named(Package.objects.filter(pk=ids["package_id"]).values_list("name", flat=True)))
    if "domain_id" in ids:
        found.append(_named(Domain.objects.filter(pk=ids["domain_id"]).values_list("domain", flat=True)))
    if "purchase_id" in ids:
        bought = Purchase.objects.filter(pk=ids["purchase_id"])
        found.append(_named(bought.values_list("client__name", flat=True)))
    if "document_id" in ids:
        found.append(_named(Document.objects.filter(pk=ids["document_id"]).values_list("name", flat=True)))
    if "member_id" in ids:
        found.append(_named(Membership.objects.filter(pk=ids["member_id"]).values_list("user__email", flat=True)))
    if "invitation_id" in ids:
        found.append(_named(Invitation.objects.filter(pk=ids["invitation_id"]).values_list("email", flat=True)))
    if "invite_id" in ids:
        found.append(_named(ClientInvitation.objects.filter(pk=ids["invite_id"]).values_list("email", flat=True)))
    for name, value in ids.items():
        if name not in _NAMED:
            found.append(f"{name.removesuffix('_id')} {value}")
    return " · ".join(word for word in found if word)


def agency(agency: Agency, ids: Ids) -> dict[str, Any]:
    """The address, whether the portal is on, what new clients get, and from where on a gift is asked about again."""
    names = "slug portal_is_on welcome_credits exchange_rates asks_again_above_credits low_balance_credits"
    return _values(Agency.objects.get(pk=agency.pk), names)


def closing(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Whether the agency is closed, until when that can be taken back, and whether the portal is on."""
    return _values(Agency.objects.get(pk=agency.pk), "closes_at portal_is_on")


def brand(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Everything that the agency chose of its brand; not what is computed of it."""
    found = Branding.objects.get(agency_id=agency.pk)
    fields = [each for each in found._meta.concrete_fields if each.editable and not isinstance(each, BinaryField)]
    return _values(found, " ".join(each.attname for each in fields if each.attname not in ("id", "agency_id")))


def pictures(agency: Agency, ids: Ids) -> dict[str, Any]:
    """What the agency asked for to be seen by, and what is worn of it."""
    return {role: _values(row, "url digest") for role, row in drawn.of(agency.pk).items()}


def mail_server(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Through whom the agency's mails go. Another password shows by the time it was tried."""
    found = MailServer.objects.filter(agency_id=agency.pk).first()
    return _values(found, "host port security username from_address proved_at")


def packages(agency: Agency, ids: Ids) -> dict[str, Any]:
    """All packages, by name and number."""
    return {f"{row.name} ({row.pk})": _values(row, _PACKAGE) for row in Package.objects.all()}


def stripe(agency: Agency, ids: Ids) -> dict[str, Any]:
    """The masks of the Stripe keys and what was found out with them, and what the packages are sold by."""
    prices = {f"{row.name} ({row.pk})": _values(row, "stripe_price_id stripe_product_id") for row in _all_packages()}
    return {**_values(StripeConnection.objects.filter(agency_id=agency.pk).first(), _STRIPE), **prices}


def test_calls(agency: Agency, ids: Ids) -> dict[str, Any]:
    """How much real calls may use while payments are a test, and since when that counts."""
    return _values(StripeConnection.objects.filter(agency_id=agency.pk).first(), "test_call_seconds test_calls_since")


def checkout(agency: Agency, ids: Ids) -> dict[str, Any]:
    """How Checkout behaves."""
    found = StripeConnection.objects.filter(agency_id=agency.pk).first()
    return dict(found.checkout_options) if found else {}


def hms(agency: Agency, ids: Ids) -> dict[str, Any]:
    """The mask of the HMS key, whose it is, and what new clients begin with."""
    found = HMSConnection.objects.filter(agency_id=agency.pk).first()
    return _values(found, "api_key_mask organization_id organization_name template_assistant_id")


def alarms(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Below which lines the owners want to hear."""
    found = MinutesWatch.objects.filter(agency_id=agency.pk).first()
    return _values(found, "low_seconds low_days floor_percent stops_selling")


def terms(agency: Agency, ids: Ids) -> dict[str, Any]:
    """How calls are rounded and what they cost, from when on."""
    rows = CallTerms.objects.filter(agency_id=agency.pk)
    return {
        f"from {row.from_at.isoformat()}": _values(row, "rounding cost_micro_per_minute cost_micro_of") for row in rows
    }


def domains(agency: Agency, ids: Ids) -> dict[str, Any]:
    """The hosts of the portal."""
    rows = Domain.objects.filter(tenant_id=agency.pk)
    return {row.domain: _values(row, "kind state is_primary") for row in rows}


def tokens(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Whose programs are let in for a client: the masks."""
    rows = ApiToken.objects.filter(agency_id=agency.pk, client_id=ids["client_id"])
    return {f"{row.name} ({row.mask})": _values(row, "scopes revoked_at") for row in rows}


def organization(agency: Agency, ids: Ids) -> dict[str, Any]:
    """How a client's organization at HMS stands."""
    return _values(
        Organization.objects.filter(client_id=ids["client_id"]).first(),
        "state hms_id api_key_mask content_days metadata_days",
    )


def limits(agency: Agency, ids: Ids) -> dict[str, Any]:
    """What a client may use; a limit that is not set is not there."""
    return dict(Client.objects.values_list("limits", flat=True).filter(pk=ids["client_id"]).first() or {})


def client_invitations(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Who is asked to become a client, and with how many credits."""
    return {f"invited {row.email}": _values(row, "name credits") for row in asked.pending()}


def own_prices(agency: Agency, ids: Ids) -> dict[str, Any]:
    """What a client pays instead of the usual prices, by package."""
    kept = Client.objects.values_list("prices", flat=True).filter(pk=ids["client_id"]).first() or {}
    return {f"{row.name} ({row.pk})": dict(kept[str(row.pk)]) for row in _all_packages() if str(row.pk) in kept}


def standing(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Whether a client may call."""
    return _values(Client.objects.filter(pk=ids["client_id"]).first(), "state")


def endpoint(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Where a client wants to hear of its calls."""
    found = Organization.objects.filter(client_id=ids["client_id"]).first()
    row = HmsEndpoint.objects.filter(organization_id=found.pk).first() if found else None
    return _values(row, "target_url target_secret_mask target_events")


def disputes(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Which disputes of a purchase stop calls."""
    rows = Dispute.objects.filter(purchase_id=ids["purchase_id"])
    return {f"dispute {row.pk}": _values(row, "status lifted_at") for row in rows}


def team(agency: Agency, ids: Ids) -> dict[str, Any]:
    """Who works here and as what, who is invited, and to whom the agency is offered. In public."""
    members = {row.user.email: row.role for row in memberships.members(agency.pk)}
    invited = {f"invited {row.email}": row.role for row in invitations.open_of(agency.pk)}
    offer = OwnershipOffer.objects.select_related("offered_to__user").filter(agency_id=agency.pk).first()
    return {**members, **invited, **({"offered to": offer.offered_to.user.email} if offer else {})}


def _all_packages() -> Iterable[Package]:
    return Package.objects.all()


def _named(found: Iterable[str]) -> str:
    return next(iter(found), "")


def _values(row: Model | None, names: str) -> dict[str, Any]:
    """The named fields that the row has, as JSON keeps them; nothing for no row."""
    if row is None:
        return {}
    values = {name: getattr(row, name) for name in names.split() if hasattr(row, name)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
