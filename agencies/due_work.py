"""Every follow-up that the state of an agency asks for, derived anew. Nothing that is to be done can be lost for good.

Rows are written in the transaction that makes the work necessary; this is for the day on which one is missing all the
same: a restored backup, a row deleted by hand.
"""

from django.utils import timezone

from agencies import (
    addresses,
    client_invitations,
    control,
    going_live,
    invitations,
    minutes,
    notifying,
    quarantine,
    reconciliation,
    sweep,
    webhook_proof,
)
from agencies.models import Agency
from billing import expiry, purchases, receipts, refunds
from calls import campaign_pauses, forgetting
from domains import verification
from domains.models import Domain
from follow_ups import agenda
from inbox import stripe_events
from notifications import notes
from organizations import deliveries, documents, provisioning, suspension
from organizations.models import Organization
from tenancy import door
from vault.models import HMSConnection, StripeConnection

SYNC_KIND = "sync_calls"
_UNFINISHED = (Organization.State.WANTED, Organization.State.REQUESTED, Organization.State.UNCLEAR)


def rebuild(agency: Agency) -> int:
    """Ask for all the work that the agency's rows show to be open; returns how many. What is asked for already stays.

    Doing work once too often is harmless: every job looks at the state first.
    """
    with door.enter(agency):
        wanted = [
            *_organizations(),
            *_calls(),
            *_held_back(),
            *_deliveries(),
            *_documents(),
            *_events(agency),
            *_purchases(),
            *_refunds(),
            *_expiries(),
            *_test_credits(),
            *_minutes(agency),
            *_stripe(agency),
            *_hosts(agency),
            *_invitations(agency),
            *_notifications(agency),
        ]
        for kind, subject in wanted:
            agenda.schedule(kind=kind, subject=subject)
    return len(wanted)


def _organizations() -> list[tuple[str, str]]:
    found = Organization.objects.filter(state__in=_UNFINISHED).values_list("pk", flat=True)
    return [(provisioning.KIND, str(pk)) for pk in found]


def _calls() -> list[tuple[str, str]]:
    found = Organization.objects.filter(api_key_sealed__isnull=False).values_list("pk", flat=True)
    return [(SYNC_KIND, str(pk)) for pk in found]


def _held_back() -> list[tuple[str, str]]:
    stopped = [(suspension.KIND, str(row.pk)) for row in suspension.is_due()]
    return [*stopped, *((campaign_pauses.KIND, str(row.pk)) for row in campaign_pauses.waiting())]


def _deliveries() -> list[tuple[str, str]]:
    waiting = [(deliveries.KIND, str(pk)) for pk in deliveries.waiting().values_list("pk", flat=True)]
    return [*waiting, (deliveries.FORGET_KIND, "")] if deliveries.is_any() else []


def _documents() -> list[tuple[str, str]]:
    found = documents.waiting().order_by().values_list("organization_id", flat=True).distinct()
    return [(documents.KIND, str(pk)) for pk in found]


def _events(agency: Agency) -> list[tuple[str, str]]:
    found = stripe_events.unsettled(agency.pk).values_list("pk", flat=True)
    return [(stripe_events.KIND, str(pk)) for pk in found]


def _purchases() -> list[tuple[str, str]]:
    found = purchases.open_purchases().values_list("pk", flat=True)
    unsent = receipts.unsent().values_list("pk", flat=True)
    return [
        *((purchases.CHECK_KIND, str(pk)) for pk in found),
        *((receipts.KIND, str(pk)) for pk in unsent),
    ]


def _expiries() -> list[tuple[str, str]]:
    return [(expiry.KIND, str(client_id)) for client_id in expiry.clients_to_look_at()]


def _refunds() -> list[tuple[str, str]]:
    return [(refunds.CHECK_KIND, str(pk)) for pk in refunds.undecided().values_list("pk", flat=True)]


def _test_credits() -> list[tuple[str, str]]:
    return [(going_live.KIND, "")] if going_live.is_due() else []


def _minutes(agency: Agency) -> list[tuple[str, str]]:
    is_connected = HMSConnection.objects.filter(agency_id=agency.pk, api_key_sealed__isnull=False).exists()
    return (
        [(kind, "") for kind in (minutes.KIND, control.KIND, quarantine.KIND, forgetting.KIND)] if is_connected else []
    )


def _stripe(agency: Agency) -> list[tuple[str, str]]:
    is_connected = StripeConnection.objects.filter(agency_id=agency.pk, secret_key_sealed__isnull=False).exists()
    return [(webhook_proof.KIND, ""), (sweep.KIND, ""), (reconciliation.KIND, "")] if is_connected else []


def _hosts(agency: Agency) -> list[tuple[str, str]]:
    mine = Domain.objects.filter(tenant_id=agency.pk)
    claims = mine.filter(kind=Domain.Kind.CUSTOM).values_list("pk", flat=True)
    former = mine.filter(gives_way_at__isnull=False).values_list("pk", flat=True)
    return [*((verification.KIND, str(pk)) for pk in claims), *((addresses.KIND, str(pk)) for pk in former)]


def _invitations(agency: Agency) -> list[tuple[str, str]]:
    team = [(invitations.KIND, str(each.pk)) for each in invitations.open_of(agency.pk) if each.sent_at is None]
    asked = client_invitations.pending()
    return [*team, *((client_invitations.KIND, str(each.pk)) for each in asked if each.sent_at is None)]


def _notifications(agency: Agency) -> list[tuple[str, str]]:
    return [(notes.KIND, str(pk)) for pk in notifying.unshared(agency.pk, timezone.now())]
