"""Why?: the five questions that agencies ask when something does not work, answered from what is stored at this moment.

Each answer is a list of causes, each with one thing to do about it. An empty list says that nothing of ours is in the
way. Looking changes nothing. In the agency's schema; a fixed number of queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies import activation, discrepancies, own_domains, quarantine, sign_ups, webhook_proof
from agencies.models import Agency, Discrepancy
from agencies.own_domains import Standing
from agencies.sign_ups import Step, Unfinished
from billing import purchases
from calls import pace
from calls.models import Call
from domains import doctor
from domains.models import Domain
from inbox import stripe_events
from inbox.models import EventState
from organizations.models import Organization
from vault.models import HMSConnection, StripeConnection

# Of one kind of cause so many are named; the rest are a number.
MOST = 5
# Longer than the longest pause between two looks, so that a look that is only due is nobody's concern.
_LATE = pace.QUIET + timedelta(hours=1)
_LATE_DURATION = timedelta(minutes=15)
_LATE_PAYMENT = timedelta(minutes=10)
_CREDITING = "checkout.session.completed"
State = Organization.State


class Question(Enum):
    """What is asked."""

    ACTIVATION = "activation"
    DOMAIN = "domain"
    PAYMENTS = "payments"
    DEDUCTING = "deducting"
    USERS = "users"


class Action(Enum):
    """What can be done about a cause. What its subject is stands behind it."""

    OPEN_FIELD = "open_field"  # a requirement's key
    SWITCH_ON = "switch_on"
    OPEN_DOMAINS = "open_domains"
    CHECK_DOMAIN = "check_domain"  # a domain's id
    OPEN_WEBHOOK = "open_webhook"
    TEST_WEBHOOK = "test_webhook"
    TRY_EVENT = "try_event"  # Stripe's id of the event
    ASK_STRIPE = "ask_stripe"  # a purchase's id
    OPEN_ATTENTION = "open_attention"
    CONNECT_HMS = "connect_hms"
    ASK_MINUTES = "ask_minutes"
    SET_UP_ORGANIZATION = "set_up_organization"  # a client's id
    OPEN_CLIENT = "open_client"  # a client's id
    LOOK_FOR_CALLS = "look_for_calls"  # an organization's id
    CHECK_PARENTS = "check_parents"
    WRITE_TO = "write_to"  # an e-mail address
    LET_IN = "let_in"  # a user's id


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is in the way. `reason` says why and what to do; "" where the title says it all."""

    title: str
    reason: str
    action: Action
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The causes, and what is known of the matter at all: `seen_at` is when it last worked (None: never, or no such
    moment)."""

    question: Question
    causes: list[Cause]
    seen_at: datetime | None = None
    seconds_left: int | None = None


def answers(agency: Agency, now: datetime | None = None) -> list[Answer]:
    """The five answers in the order of the questions."""
    now = now or timezone.now()
    hms = HMSConnection.objects.filter(agency_id=agency.pk).first() or HMSConnection()
    stripe = StripeConnection.objects.filter(agency_id=agency.pk).first() or StripeConnection()
    domains = own_domains.own(agency.pk)
    last = Organization.objects.exclude(calls_synced_until=None).order_by("-calls_synced_until")
    synced_at = last.values_list("calls_synced_until", flat=True).first()
    looked_at = max((domain.checked_at for domain in domains if domain.checked_at), default=None)
    newest = sign_ups.newest_client_at()
    return [
        Answer(Question.ACTIVATION, list(_activation(agency)), agency.portal_on_since),
        Answer(Question.DOMAIN, list(_domains(domains)), looked_at),
        Answer(Question.PAYMENTS, list(_payments(agency, stripe, now)), stripe.last_event_at),
        Answer(Question.DEDUCTING, list(_deducting(hms, now)), synced_at, hms.seconds_left),
        Answer(Question.USERS, list(_users(agency)), newest),
    ]


def _activation(agency: Agency) -> Iterator[Cause]:
    missing = [requirement for requirement in activation.requirements(agency) if requirement.stops]
    for requirement in missing:
        yield Cause("", requirement.reason, Action.OPEN_FIELD, requirement.key)
    if not missing and not agency.portal_is_on:
        reason = _("Nothing is missing. Your clients can come in as soon as you switch it on.")
        yield Cause(_("Your portal is switched off"), reason, Action.SWITCH_ON)


def _domains(domains: list[Domain]) -> Iterator[Cause]:
    if not domains:
        reason = _("Your portal works under its own address meanwhile.")
        yield Cause(_("No domain has been added"), reason, Action.OPEN_DOMAINS)
    for domain in domains:
        if (stands := own_domains.standing(domain)) is Standing.ACTIVE:
            continue
        reason = doctor.words(doctor.read(domain.finding)) if domain.finding else ""
        if stands is Standing.BEATEN:
            reason = _("Another portal has proved this name. Set the record that the page about it shows.")
        elif not reason:
            reason = _("We have not looked at its record yet. A new record can take up to 48 hours to be seen.")
        yield Cause(domain.shown, reason, Action.CHECK_DOMAIN, str(domain.pk))


def _payments(agency: Agency, stripe: StripeConnection, now: datetime) -> Iterator[Cause]:
    yield from _webhook(stripe)
    failed = stripe_events.unsettled(agency.pk).filter(state=EventState.FAILED)
    for event_id, kind, note in failed.values_list("event_id", "type", "note")[:MOST]:
        title = _("Stripe's message %(type)s could not be applied") % {"type": kind}
        yield Cause(title, note, Action.TRY_EVENT, event_id)
    open_ones = purchases.open_purchases().filter(created_at__lt=now - _LATE_PAYMENT).exclude(stripe_session_id=None)
    for purchase in open_ones.select_related("client").order_by("-created_at")[:MOST]:
        title = _("%(name)s has not paid for %(package)s yet, as far as Stripe has told us") % {
            "name": purchase.client.name,
            "package": purchase.package_name,
        }
        reason = purchase.problem or _("If it was paid, Stripe says so when it is asked, and it is credited.")
        yield Cause(title, reason, Action.ASK_STRIPE, str(purchase.pk))
    strays = discrepancies.unresolved().filter(kind=Discrepancy.Kind.STRAY_PAYMENT).count()
    if strays:
        title = ngettext("%(n)s payment has no purchase", "%(n)s payments have no purchase", strays) % {"n": strays}
        yield Cause(title, _("Nobody can be credited for it until you have looked."), Action.OPEN_ATTENTION)


def _webhook(stripe: StripeConnection) -> Iterator[Cause]:
    """The connection: its secrets, the event that credits, whether Stripe sends, whether that is proved."""
    if stripe.secret_key_sealed is None or stripe.webhook_secret_sealed is None:
        reason = _("Through it Stripe tells us that somebody paid. We can set it up for you.")
        yield Cause(_("The connection with Stripe is not set up"), reason, Action.OPEN_WEBHOOK)
        return
    if _CREDITING in stripe.missing_events:
        reason = _("Select it for the endpoint in Stripe, or let us set the endpoint up anew.")
        yield Cause(_("Stripe does not send %(event)s") % {"event": _CREDITING}, reason, Action.OPEN_WEBHOOK)
    stands = webhook_proof.state(stripe)
    if stands is webhook_proof.State.DISABLED or stripe.endpoint_state == "absent":
        yield Cause(_("Stripe does not send to us"), webhook_proof.sentence(stripe), Action.OPEN_WEBHOOK)
    elif stands is not webhook_proof.State.PROVED:
        yield Cause(_("The connection is not proved"), webhook_proof.sentence(stripe), Action.TEST_WEBHOOK)


def _deducting(hms: HMSConnection, now: datetime) -> Iterator[Cause]:
    if hms.api_key_sealed is None:
        reason = _("Calls run on your minutes there, and we read them with your key.")
        yield Cause(_("Your portal is not connected to HMS"), reason, Action.CONNECT_HMS)
        return
    if hms.seconds_left is not None and hms.seconds_left <= 0:
        reason = _("Buy minutes at HMS, then have us ask again. Without minutes no call comes through.")
        yield Cause(_("You have no minutes left at HMS"), reason, Action.ASK_MINUTES)
    yield from _organizations()
    yield from _looks(now)


def _organizations() -> Iterator[Cause]:
    unfinished = Organization.objects.filter(state__in=[State.WANTED, State.REQUESTED, State.UNCLEAR])
    for each in _first(unfinished.order_by("-wanted_at")):
        needs_key = each.state == State.UNCLEAR and each.hms_id is not None
        reason = each.problem or _("It is being set up. This mostly takes seconds.")
        action = Action.OPEN_CLIENT if needs_key else Action.SET_UP_ORGANIZATION
        title = _("%(name)s has no organization at HMS yet") % {"name": each.client.name}
        yield Cause(title, reason, action, str(each.client_id))
    for row in quarantine.not_below_us()[:MOST]:
        yield Cause(row.words, _("Move it below yours at HMS, then have us check again."), Action.CHECK_PARENTS)


def _looks(now: datetime) -> Iterator[Cause]:
    """Clients whose calls were not read for longer than they should be, and calls of which HMS gave no length."""
    late = Organization.objects.filter(state=State.READY, wanted_at__lt=now - _LATE).filter(
        Q(calls_synced_until=None) | Q(calls_synced_until__lt=now - _LATE)
    )
    for each in _first(late.order_by("calls_synced_until")):
        title = _("The calls of %(name)s have not been read for hours") % {"name": each.client.name}
        yield Cause(title, _("Calls are charged once we have read them."), Action.LOOK_FOR_CALLS, str(each.pk))
    unmeasured = Call.objects.filter(booked_at=None, ended_at__lt=now - _LATE_DURATION)
    waiting = Organization.objects.filter(pk__in=unmeasured.values("organization_id"))
    for each in _first(waiting.order_by("pk")):
        title = _("HMS has not said how long a call of %(name)s took") % {"name": each.client.name}
        reason = _("It is charged when HMS tells its length. We never guess.")
        yield Cause(title, reason, Action.LOOK_FOR_CALLS, str(each.pk))


def _first(organizations: QuerySet[Organization]) -> QuerySet[Organization]:
    return organizations.select_related("client")[:MOST]


def _users(agency: Agency) -> Iterator[Cause]:
    if not agency.portal_is_on:
        reason = _("Nobody can sign up until it is on.")
        yield Cause(_("Your portal is off"), reason, Action.SWITCH_ON)
    yield from map(_sign_up, sign_ups.unfinished(limit=MOST))


def _sign_up(one: Unfinished) -> Cause:
    if one.step is Step.ARRIVAL:
        reason = _("The address is proved, and the first sign-in was cut off. They show up once you let them in.")
        return Cause(one.email, reason, Action.LET_IN, str(one.user_id))
    reason = _("They have not typed in the code that was mailed. Signing in with their password sends a new one.")
    return Cause(one.email, reason, Action.WRITE_TO, one.email)
