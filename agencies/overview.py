"""What the owner sees first on a running portal: what is left, what is owed, what happened last, what needs a hand."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db.models import Count, Q

from agencies import activation, attention, coverage, earnings, own_domains, watch
from agencies.coverage import Coverage
from agencies.earnings import Earnings
from agencies.models import Agency
from agencies.own_domains import Standing
from agencies.watch import Alarm
from billing import debts, disputes, refunds
from billing.models import Purchase
from calls.models import Call
from clients.models import Client
from inbox.models import EventState, StripeEvent
from organizations.models import Organization
from vault.models import HMSConnection, StripeConnection

LATEST = 6


class Concern(Enum):
    """Why something needs a hand."""

    INCOMPLETE = "incomplete"
    MINUTES_LOW = "minutes_low"
    NOT_COVERED = "not_covered"
    ORGANIZATIONS = "organizations"
    ENDPOINT_OFF = "endpoint_off"
    ENDPOINT_ABSENT = "endpoint_absent"
    EVENTS = "events"
    DISCREPANCIES = "discrepancies"
    DISPUTES = "disputes"
    DEBTS = "debts"
    REFUNDS = "refunds"
    DOMAIN_FAILING = "domain_failing"
    DOMAIN_LOST = "domain_lost"
    DOMAIN_BEATEN = "domain_beaten"


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to look at; `count` says how often it is so, `names` of whom where that can be said in a line."""

    concern: Concern
    count: int = 1
    names: str = ""


@dataclass(frozen=True, slots=True)
class ClientStates:
    """How many clients there are, and of them how many are suspended, cannot call yet (their organization is not
    ready), and are below zero."""

    total: int
    suspended: int
    waiting: int
    below_zero: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures in seconds. `seconds_left` is None until HMS has said what is left."""

    seconds_left: int | None
    checked_at: datetime | None
    cover: Coverage
    earnings: Earnings
    clients: ClientStates
    purchases: list[Purchase]
    calls: list[Call]
    attention: list[Attention]


def look(agency: Agency) -> Overview:
    """The agency as it stands now. To be called in its schema; a fixed number of queries."""
    hms = HMSConnection.objects.filter(agency_id=agency.pk).first() or HMSConnection()
    seen = coverage.with_left(hms.seconds_left)
    paid = Purchase.objects.exclude(state__in=[Purchase.State.PENDING, Purchase.State.ABANDONED])
    return Overview(
        seconds_left=hms.seconds_left,
        checked_at=hms.checked_at,
        cover=seen,
        earnings=earnings.look(agency, livemode=_livemode(agency)),
        clients=_clients(),
        purchases=list(paid.select_related("client").order_by("-created_at")[:LATEST]),
        calls=list(_latest_calls()),
        attention=_attention(agency, watch.below(agency.pk, seen)),
    )


def _livemode(agency: Agency) -> bool:
    """Which payments count: the test ones only while Stripe is connected for tests."""
    mode = StripeConnection.objects.filter(agency_id=agency.pk).values_list("livemode", flat=True).first()
    return mode is not False


def _clients() -> ClientStates:
    found = Client.objects.aggregate(
        total=Count("pk"),
        suspended=Count("pk", filter=Q(state=Client.State.SUSPENDED)),
        waiting=Count("pk", filter=~Q(organization__state=Organization.State.READY)),
        below_zero=Count("pk", filter=Q(wallet__balance__lt=0)),
    )
    return ClientStates(**found)


def _latest_calls() -> "list[Call]":
    return list(Call.objects.select_related("organization__client").order_by("-placed_at", "-pk")[:LATEST])


def _attention(agency: Agency, alarms: set[Alarm]) -> list[Attention]:
    missing = sum(requirement.stops for requirement in activation.requirements(agency))
    unclear = Organization.objects.filter(
        Q(state=Organization.State.UNCLEAR) | (Q(state=Organization.State.WANTED) & ~Q(problem=""))
    )
    failed = StripeEvent.objects.filter(agency_id=agency.pk, state=EventState.FAILED)
    counted = {
        Concern.INCOMPLETE: missing,
        Concern.MINUTES_LOW: int(Alarm.LOW in alarms),
        Concern.NOT_COVERED: int(alarms == {Alarm.FLOOR}),
        Concern.ORGANIZATIONS: unclear.count(),
        **_endpoint(agency),
        Concern.EVENTS: failed.count(),
        Concern.DISCREPANCIES: attention.count(),
        Concern.DISPUTES: disputes.stopped_clients(),
        Concern.DEBTS: debts.owing_clients(),
        Concern.REFUNDS: refunds.undecided().count(),
    }
    return [*about_domains(agency), *_list(counted)]


def about_domains(agency: Agency) -> list[Attention]:
    """Own domains that do not lead to the portal though they should, by what is wrong with them. One query."""
    concerns = {
        Standing.FAILING: Concern.DOMAIN_FAILING,
        Standing.LOST: Concern.DOMAIN_LOST,
        Standing.BEATEN: Concern.DOMAIN_BEATEN,
    }
    found: dict[Concern, list[str]] = {}
    for domain in own_domains.own(agency.pk):
        concern = concerns.get(own_domains.standing(domain))
        if concern is not None:
            found.setdefault(concern, []).append(domain.shown)
    return [Attention(concern, len(names), ", ".join(names)) for concern, names in found.items()]


def about_endpoint(agency: Agency) -> list[Attention]:
    """What Stripe itself says is wrong with the endpoint that it sends to; [] while it is on. One query."""
    return _list(_endpoint(agency))


def _endpoint(agency: Agency) -> dict[Concern, int]:
    set_up = StripeConnection.objects.filter(agency_id=agency.pk, webhook_secret_sealed__isnull=False)
    state = set_up.values_list("endpoint_state", flat=True).first()
    return {Concern.ENDPOINT_OFF: int(state == "disabled"), Concern.ENDPOINT_ABSENT: int(state == "absent")}


def _list(counted: dict[Concern, int]) -> list[Attention]:
    return [Attention(concern, count) for concern, count in counted.items() if count]
