from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from agencies.models import Agency
from follow_ups.models import FollowUp
from inbox import stripe_events
from inbox.models import EventState, StripeEvent
from inbox.stripe_signature import InvalidSignature
from tests.support import stripe_says
from tests.support.stripe_says import SECRET, Said

pytestmark = pytest.mark.django_db


def received(agency: Agency | None, said: Said, **changes: Any) -> stripe_events.Received:
    values = {"payload": said.payload, "header": said.header, "secrets": [SECRET], "now": timezone.now()} | changes
    return stripe_events.receive(agency_id=agency and agency.pk, **values)


def test_an_event_is_stored_as_it_was_signed_with_the_wish_to_apply_it(acme: Agency) -> None:
    said = stripe_says.event()
    stored = received(acme, said)
    event = StripeEvent.objects.get()
    assert (stored.id, stored.is_new, event.event_id) == (event.pk, True, said.event_id)
    assert (bytes(event.payload), event.state) == (said.payload, EventState.RECEIVED)
    assert stripe_events.body(event)["id"] == said.event_id
    work = FollowUp.objects.get()
    assert (work.agency_id, work.kind, work.subject) == (acme.pk, "stripe_event", str(event.pk))


def test_the_same_event_again_is_the_same_row(acme: Agency) -> None:
    said = stripe_says.event()
    first, second = received(acme, said), received(acme, said)
    assert (second.id, second.is_new) == (first.id, False)
    assert FollowUp.objects.get().serial == 1


def test_trap_10_the_same_id_at_another_agency_is_another_event(acme: Agency, globex: Agency) -> None:
    said = stripe_says.event()
    assert received(acme, said).id != received(globex, said).id


def test_what_is_not_signed_is_not_stored(acme: Agency) -> None:
    for agency, secrets in ((acme, ["whsec_Other12345"]), (acme, []), (None, [SECRET])):
        with pytest.raises(InvalidSignature):
            received(agency, stripe_says.event(), secrets=secrets)
    assert not StripeEvent.objects.exists()
    assert not FollowUp.objects.exists()


def test_event_and_follow_up_are_one_transaction(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    unaskable = "SELECT agency_id, 'stripe_event', (1 / (id - id))::text, received_at FROM made"
    monkeypatch.setattr(stripe_events, "_ASKED", unaskable)
    with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
        received(acme, stripe_says.event())
    assert not StripeEvent.objects.exists()


def test_an_event_is_begun_until_it_is_closed(acme: Agency) -> None:
    stored = received(acme, stripe_says.event())
    with transaction.atomic():
        event = stripe_events.begin(event_pk=stored.id)
        assert event is not None
        stripe_events.applied(event, note="done")
        assert stripe_events.begin(event_pk=stored.id) is None
        assert stripe_events.begin(event_pk=stored.id, again=True) is not None
    event.refresh_from_db()
    assert (event.state, event.note, event.attempts) == (EventState.APPLIED, "done", 1)
    assert event.settled_at is not None


def test_a_failure_is_noted_and_leaves_the_event_open(acme: Agency) -> None:
    stored = received(acme, stripe_says.event())
    stripe_events.failed(event_pk=stored.id, note="x" * 900)
    event = StripeEvent.objects.get()
    assert (event.state, len(event.note), event.attempts) == (EventState.FAILED, 500, 1)
    assert list(stripe_events.unsettled(acme.pk)) == [event]


def test_a_late_failure_does_not_undo_what_was_applied(acme: Agency) -> None:
    stored = received(acme, stripe_says.event())
    event = StripeEvent.objects.get()
    stripe_events.applied(event)
    stripe_events.failed(event_pk=stored.id, note="too late")
    event.refresh_from_db()
    assert event.state == EventState.APPLIED


def test_a_failed_event_that_stripe_sends_again_is_due_at_once(acme: Agency) -> None:
    said = stripe_says.event()
    stripe_events.failed(event_pk=received(acme, said).id, note="down")
    FollowUp.objects.update(due_at=timezone.now() + timedelta(hours=1))
    received(acme, said)
    assert FollowUp.objects.get().due_at <= timezone.now()
