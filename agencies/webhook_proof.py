"""Whether Stripe's messages reach this portal: proved by one of them, never by what was typed in.

A test makes a Checkout session that nobody is shown and ends it at once; the connection is proved when Stripe's own
signed message about that session has come the whole way. No money moves, with live keys neither.
"""

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import addresses
from agencies.models import Agency
from billing import packages, stripe_gateway
from billing.stripe_shapes import (
    EndpointState,
    StripeFailed,
    StripeKeyRefused,
    StripeRefused,
    StripeRightMissing,
    StripeUnreachable,
)
from domains import links
from notifications import notes
from notifications.models import Kind
from tenancy import door
from vault import connections
from vault.models import StripeConnection

log = logging.getLogger(__name__)
KIND = "stripe_look"
LOOKS_EVERY = timedelta(days=1)
# Stripe sends within seconds. What comes later still proves the connection.
PATIENCE = timedelta(minutes=2)
# As short as Stripe lets a session live: an interrupted test leaves nothing open for long.
_SESSION_LIVES = timedelta(minutes=31)


class State(Enum):
    """How the connection stands."""

    NEVER = "never"
    WAITING = "waiting"
    PARTLY = "partly"
    PROVED = "proved"
    FAILING = "failing"
    DISABLED = "disabled"


class NoWebhookSecret(LookupError):
    """There is nothing to test: the agency has not stored a signing secret. The message says what to do."""


def webhook_url(agency: Agency) -> str:
    """The address to enter at Stripe, on the platform host."""
    return webhook_url_of(agency.slug)


def webhook_url_of(slug: str) -> str:
    """The same for a slug that the agency may have one day."""
    return links.platform(f"/api/webhooks/stripe/{slug}")


def ask(agency: Agency) -> StripeConnection:
    """Test the connection: have Stripe say something, and wait for it. What goes wrong is noted and shown.

    Where Stripe shows that nothing can arrive (endpoint off, absent, without the event), that is the answer, and no
    session is made. Raises connections.NotConnected, NoWebhookSecret and StripeUnreachable.
    """
    connection, secret_key = connections.stripe_connection(agency.pk), connections.stripe_secret_key(agency.pk)
    if connection.webhook_secret_sealed is None:
        raise NoWebhookSecret(_("Save the signing secret of the webhook first, or let us set it up for you."))
    connection = look(agency)
    if connection.endpoint_state in ("disabled", "absent") or stripe_gateway.TEST_EVENT in connection.missing_events:
        return connection
    now, mine = timezone.now(), StripeConnection.objects.filter(agency_id=agency.pk)
    mine.update(tested_at=now, tested_session_id="")
    try:
        session_id = stripe_gateway.open_test(
            secret_key=secret_key,
            mark=str(uuid.uuid4()),
            price_id=_a_price(agency),
            back_url=links.platform(f"/agencies/{agency.slug}/payments/"),
            expires_at=now + _SESSION_LIVES,
        )
        mine.filter(tested_at=now).update(tested_session_id=session_id)
        stripe_gateway.close_test(secret_key=secret_key, session_id=session_id)
    except StripeFailed as error:
        # What was never made will never be heard of.
        mine.filter(tested_at=now).update(
            tested_at=None, last_failure=error.sentence[:300], last_failure_at=timezone.now()
        )
        if isinstance(error, StripeUnreachable):
            raise
    return connections.stripe_connection(agency.pk)


def ask_if_new(agency: Agency) -> None:
    """Test what nothing has proved or tested yet: after a change of keys. Stripe being away leaves it untested."""
    connection = StripeConnection.objects.filter(agency_id=agency.pk).first()
    if connection is None or connection.webhook_secret_sealed is None or state(connection) is not State.NEVER:
        return
    try:
        ask(agency)
    except (connections.NotConnected, StripeUnreachable) as error:
        log.info("agency %s: the connection stays untested: %s", agency.pk, type(error).__name__)


def look(agency: Agency) -> StripeConnection:
    """Ask Stripe what stands at our address, and note it: Stripe switches off what did not answer for days.

    Raises connections.NotConnected and StripeUnreachable.
    """
    before, secret_key = connections.stripe_connection(agency.pk), connections.stripe_secret_key(agency.pk)
    failure = ""
    try:
        found = stripe_gateway.find_webhook_endpoint(secret_key=secret_key, urls=_urls(agency))
    except StripeRightMissing:
        found = EndpointState("", ())
    except StripeKeyRefused as refused:
        found, failure = EndpointState("", ()), refused.sentence
    except StripeRefused as refused:
        found, failure = EndpointState(before.endpoint_state, tuple(before.missing_events)), refused.sentence
    if found.state == "absent" and before.webhook_secret_sealed is not None:
        failure = _(
            "Stripe has no endpoint at this address. Add it there with the address below, or let us set it up anew."
        )
    noted: dict[str, Any] = {"endpoint_state": found.state, "missing_events": list(found.missing)}
    if failure:
        noted |= {"last_failure": failure[:300], "last_failure_at": timezone.now()}
    elif before.endpoint_state == "absent":
        noted |= {"last_failure": "", "last_failure_at": None}
    StripeConnection.objects.filter(agency_id=agency.pk).update(**noted)
    return connections.stripe_connection(agency.pk)


def _urls(agency: Agency) -> list[str]:
    """Where Stripe's messages are taken: at today's slug, and at those that were changed lately."""
    return [webhook_url(agency), *map(webhook_url_of, addresses.former_slugs(agency.pk))]


def is_test(about: object) -> bool:
    """Whether what stands in an event is the session of a test, of this agency or another, and no payment."""
    if not isinstance(about, Mapping) or not isinstance(about.get("metadata"), Mapping):
        return False
    return stripe_gateway.TEST_MARK in about["metadata"] and about.get("status") == "expired"


def heard(*, agency_id: int, session_id: str, at: datetime) -> bool:
    """Stripe's signed word on the session of a test has arrived. False when it was not the latest test."""
    tested = StripeConnection.objects.filter(agency_id=agency_id, tested_session_id=session_id)
    return bool(session_id) and tested.update(proved_at=at, last_event_at=at) == 1


def note_wrong_secret(agency_id: int, *, at: datetime) -> None:
    """A message came whose signature does not fit. For an agency that does not exist it costs the same."""
    sentence = _(
        "A message came that the signing secret here does not fit. Copy the secret of this endpoint again from Stripe."
    )
    connections.note_failure(agency_id=agency_id, sentence=sentence, at=at)


def note_previous_secret(agency_id: int, *, at: datetime) -> None:
    """A message came that only the replaced secret fits: from tomorrow on it would be refused."""
    sentence = _(
        "Stripe still signs with the secret that was here before, which is accepted for one day only. Copy the secret "
        "of this endpoint again from Stripe."
    )
    connections.note_failure(agency_id=agency_id, sentence=sentence, at=at)


def state(connection: StripeConnection, now: datetime | None = None) -> State:
    """How the connection stands, from what is stored."""
    if connection.webhook_secret_sealed is None:
        return State.NEVER
    if connection.endpoint_state == "disabled":
        return State.DISABLED
    asked_at = _open_question(connection)
    heard_at = max((at for at in (connection.proved_at, connection.last_event_at, asked_at) if at), default=None)
    failed_at = connection.last_failure_at
    if failed_at is not None and (heard_at is None or failed_at >= heard_at):
        return State.FAILING
    if asked_at is not None:
        return State.WAITING if (now or timezone.now()) < asked_at + PATIENCE else State.FAILING
    if connection.proved_at is not None:
        return State.PROVED
    return State.PARTLY if connection.missing_events else State.NEVER


def notice(agency: Agency) -> None:
    """Have the team told, once a day, while a portal that is on hears nothing from Stripe."""
    connection = StripeConnection.objects.filter(agency_id=agency.pk).first()
    if connection is None or not agency.portal_is_on or state(connection) not in (State.FAILING, State.DISABLED):
        return
    with transaction.atomic():
        facts = {"sentence": sentence(connection)}
        notes.note(Kind.WEBHOOK, subject="stripe", facts=facts, agency_id=agency.pk)


def sentence(connection: StripeConnection, now: datetime | None = None) -> str:
    """What is so and what to do, for the agency; empty when it is proved."""
    stands = state(connection, now)
    if stands is State.NEVER:
        if connection.webhook_secret_sealed is None:
            return _("Through it Stripe tells us that somebody paid. We can set it up for you.")
        return _("Nothing has come from Stripe yet. Test the connection: it takes seconds, and no money moves.")
    if stands is State.WAITING:
        return _("Waiting for Stripe's message. It mostly comes within seconds.")
    if stands is State.PARTLY:
        return _("Partly connected: some events are not sent to us. Add them in Stripe, then test the connection.")
    if stands is State.DISABLED:
        return _("Stripe has switched this endpoint off. Enable it in Stripe under Webhooks, or set it up anew.")
    if stands is State.FAILING:
        return connection.last_failure if _failed_last(connection) else _nothing_came()
    return ""


def _failed_last(connection: StripeConnection) -> bool:
    failed_at, asked_at = connection.last_failure_at, _open_question(connection)
    return failed_at is not None and (asked_at is None or failed_at >= asked_at)


def _nothing_came() -> str:
    return _(
        "Stripe's message has not come. Compare the address of the endpoint in Stripe with the one below, or let us "
        "set it up anew."
    )


def _open_question(connection: StripeConnection) -> datetime | None:
    """When the test was made that nothing has answered yet."""
    tested_at, proved_at = connection.tested_at, connection.proved_at
    return tested_at if tested_at is not None and (proved_at is None or proved_at < tested_at) else None


def _a_price(agency: Agency) -> str:
    with door.enter(agency):
        first = packages.all_on_sale().first()
    return first.stripe_price_id if first else ""
