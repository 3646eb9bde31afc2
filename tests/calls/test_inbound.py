from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from agencies.models import Agency
from billing import disputes, wallets
from calls import holds, inbound
from clients.models import Client
from organizations.models import Organization
from tests.support import hms_says, returned
from tests.support.booking import ADA, book
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says, credit=100)


def ask(organization: Organization, call: str = "c1", maximum: int | None = None) -> inbound.Answer:
    return inbound.answer(
        organization_id=organization.pk, hms_call_id=call, assistant_maximum=maximum, now=datetime.now(UTC)
    )


def test_a_caller_gets_what_there_is_and_the_grace(ben: Organization) -> None:
    assert ask(ben).max_duration_seconds == 100 + holds.GRACE_SECONDS
    assert wallets.get(ben.client_id).held == 100


def test_the_assistants_maximum_is_kept(ben: Organization) -> None:
    assert ask(ben, maximum=40).max_duration_seconds == 40 + holds.GRACE_SECONDS


def test_the_same_question_gets_the_same_answer(ben: Organization) -> None:
    assert ask(ben) == ask(ben)
    assert wallets.get(ben.client_id).held == 100


def test_with_nothing_left_the_caller_is_told_so(ben: Organization) -> None:
    ask(ben)
    answer = ask(ben, "c2")
    assert (answer.max_duration_seconds, answer.refusal[:12]) == (None, "We are sorry")


def test_a_suspended_clients_calls_are_not_answered(ben: Organization) -> None:
    Client.objects.update(state=Client.State.SUSPENDED)
    assert ask(ben).refusal
    assert wallets.get(ben.client_id).held == 0


def test_while_a_payment_is_disputed_nobody_is_answered(ben: Organization) -> None:
    returned.disputed(ben.client)
    answer = ask(ben)
    assert (answer.max_duration_seconds, answer.refusal[:12]) == (None, "We are sorry")
    assert wallets.get(ben.client_id).held == 0


def test_a_call_that_runs_when_a_payment_is_disputed_goes_on(ben: Organization) -> None:
    before = ask(ben, "running")
    returned.disputed(ben.client)
    assert ask(ben, "running") == before
    assert ask(ben, "c2").refusal


def test_once_the_agency_has_lifted_it_calls_are_answered_until_a_new_dispute(ben: Organization) -> None:
    dispute = returned.disputed(ben.client, "lost", withdrawn_minor=4000)
    assert ask(ben).refusal
    disputes.lift(dispute_id=dispute.pk, actor=ADA)
    assert ask(ben, maximum=40).max_duration_seconds
    returned.disputed(ben.client)
    assert ask(ben, "c2").refusal


def test_below_zero_nobody_is_answered(ben: Organization) -> None:
    book(ben.client_id, "too much", -200)
    assert ask(ben).refusal


def test_a_busy_wallet_grants_the_grace_alone(ben: Organization, monkeypatch, caplog) -> None:
    def busy(client_id: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(wallets, "lock", busy)
    assert ask(ben).max_duration_seconds == holds.GRACE_SECONDS
    assert "grace alone" in caplog.text
