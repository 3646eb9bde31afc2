import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread

import pytest
from django.db import connection, transaction
from django.test import Client as Browser

from agencies.models import Agency
from billing import proof, wallets
from billing.models import LedgerEntry
from calls import cutting, holds, inbound, obstacles, placing, rehearsals, sync
from calls.models import Call, Hold
from clients import limits
from clients.limits import Limits
from follow_ups.models import FollowUp
from hms_client import signatures
from inbox import hms_endpoints
from inbox.models import HmsEvent
from organizations import assistants
from organizations.models import Organization
from tenancy import door
from tests.support import hms_says
from tests.support.booking import side_by_side
from tests.support.hms_says import PER_SECOND, Hms
from vault.models import StripeConnection

says = hms_says.says
ACTOR = {"kind": "client", "id": "7", "email": "ben@client.test"}


@pytest.fixture
def ben(own_agency: Agency, says: Hms) -> Organization:
    """A client with 60 seconds, an assistant, and no call yet."""
    hms_says.connect(says, own_agency)
    with door.enter(own_agency):
        organization = hms_says.ready(says, credit=60)
        assistants.equip(organization.pk)
        return organization


def test_two_calls_at_once_on_sixty_seconds_overdraw_by_no_more_than_the_grace(
    own_agency: Agency, ben: Organization, says: Hms
) -> None:
    start, assistant_id = Barrier(6), says.of(ben).assistants[0]["id"]

    def place(number: int) -> int:
        start.wait()
        destination = f"+3161234567{number}"
        try:
            placing.start(
                client_id=ben.client_id, assistant_id=assistant_id, number_id=None, destination=destination, actor=ACTOR
            )
        except placing.NotEnoughTime:
            return 0
        return 1

    assert sum(side_by_side(own_agency, place, range(6), threads=6)) == 1
    granted = [body["assistant_override"] for body in says.bodies if body and "assistant_override" in body]
    with door.enter(own_agency):
        for call in Call.objects.all():
            says.of(ben).ends(granted[0]["max_duration_seconds"], id=call.hms_id, direction="outbound")
        sync.sync(ben.pk, terms=PER_SECOND)
        wallet = wallets.get(ben.client_id)
        assert len(granted) == 1
        assert (wallet.balance, wallet.held) == (-holds.GRACE_SECONDS, 0)


def test_inbound_and_outbound_at_once_share_what_there_is(own_agency: Agency, ben: Organization) -> None:
    start = Barrier(8)

    def ring(number: int) -> int:
        start.wait()
        answer = inbound.answer(
            organization_id=ben.pk, hms_call_id=f"c{number}", assistant_maximum=None, now=datetime.now(UTC)
        )
        return answer.max_duration_seconds or 0

    granted = side_by_side(own_agency, ring, range(8), threads=8)
    with door.enter(own_agency):
        assert wallets.get(ben.client_id).held == sum(Hold.objects.values_list("seconds", flat=True)) == 60
    assert sorted(granted)[-1] == 60 + holds.GRACE_SECONDS


def test_a_busy_wallet_keeps_no_caller_waiting(own_agency: Agency, ben: Organization) -> None:
    locked, done = Event(), Event()

    def keep_busy() -> None:
        with door.enter(own_agency), transaction.atomic():
            wallets.lock(ben.client_id)
            locked.set()
            done.wait(10)
        connection.close()

    busy = Thread(target=keep_busy)
    busy.start()
    locked.wait(10)
    began = time.monotonic()
    with door.enter(own_agency):
        answer = inbound.answer(organization_id=ben.pk, hms_call_id="c1", assistant_maximum=None, now=datetime.now(UTC))
    took = time.monotonic() - began
    done.set()
    busy.join()
    assert answer.max_duration_seconds == holds.GRACE_SECONDS
    assert 0.25 < took < 2


def test_a_call_that_is_read_by_many_at_once_is_taken_once(own_agency: Agency, ben: Organization, says: Hms) -> None:
    for seconds in (10, 20, 30):
        says.of(ben).ends(seconds)
    start = Barrier(8)

    def look(number: int) -> int:
        start.wait()
        return sync.sync(ben.pk, terms=PER_SECOND).entries

    assert sum(side_by_side(own_agency, look, range(8), threads=8)) == 3
    with door.enter(own_agency):
        assert (wallets.get(ben.client_id).balance, LedgerEntry.objects.filter(kind="usage").count()) == (0, 3)
        assert proof.verify().findings == []


def test_a_correction_that_is_read_by_many_at_once_is_taken_once(
    own_agency: Agency, ben: Organization, says: Hms
) -> None:
    call_id = says.of(ben).ends(10)
    with door.enter(own_agency):
        sync.sync(ben.pk, terms=PER_SECOND)
    says.of(ben).ends(25, id=call_id)
    side_by_side(own_agency, lambda number: sync.sync(ben.pk, terms=PER_SECOND), range(8), threads=8)
    with door.enter(own_agency):
        assert [entry.amount for entry in LedgerEntry.objects.filter(source="hms").order_by("version")] == [-10, -15]
        assert Call.objects.get().billed_seconds == 25


def test_fifty_reports_at_once_and_a_poll_are_one_debit(own_agency: Agency, ben: Organization, says: Hms) -> None:
    call_id = says.of(ben).ends(42)
    with door.enter(own_agency):
        endpoint = hms_endpoints.open_endpoint(organization_id=ben.pk)
    FollowUp.objects.filter(agency=own_agency).delete()
    body = json.dumps(
        {"message": {"type": "end-of-call-report", "call": {"id": call_id}, "duration_seconds": 9}}
    ).encode()
    timestamp = str(int(time.time()))
    headers = {
        "host": "portal.localhost",
        "x-webhook-timestamp": timestamp,
        "x-webhook-signature": signatures.sign(body, timestamp, endpoint.secret),
    }

    def report(number: int) -> int:
        with door.leave():
            path = f"/api/webhooks/hms/{endpoint.token}"
            answer = Browser().post(path, body, content_type="application/json", headers=headers)
        if number % 10 == 0:
            sync.sync(ben.pk, terms=PER_SECOND)
        return answer.status_code

    assert side_by_side(own_agency, report, range(50), threads=10) == [200] * 50
    assert HmsEvent.objects.get(endpoint__organization_id=ben.pk).deliveries == 50
    with door.enter(own_agency):
        assert [entry.amount for entry in LedgerEntry.objects.filter(source="hms")] == [-42]


def test_one_form_sent_many_times_at_once_dials_once(own_agency: Agency, ben: Organization, says: Hms) -> None:
    with door.enter(own_agency):
        hms_says.top_up(ben.client, 10_000)
    token, start, assistant_id = uuid.uuid4(), Barrier(6), says.of(ben).assistants[0]["id"]

    def send(number: int) -> bool:
        start.wait()
        try:
            placing.start(
                client_id=ben.client_id,
                assistant_id=assistant_id,
                number_id=None,
                destination="+31612345678",
                actor=ACTOR,
                form_token=token,
            )
        except placing.PlacedAlready:
            return False
        return True

    assert sum(side_by_side(own_agency, send, range(6), threads=6)) == 1
    assert says.requests.count("POST /calls/outbound") == 1


def test_of_many_calls_at_once_exactly_as_many_start_as_may_run(own_agency: Agency, ben: Organization) -> None:
    with door.enter(own_agency):
        hms_says.top_up(ben.client, 100_000)
        limits.choose(client_id=ben.client_id, limits=Limits(calls_at_once=2))
    start = Barrier(8)

    def ring(number: int) -> bool:
        start.wait()
        answer = inbound.answer(
            organization_id=ben.pk, hms_call_id=f"c{number}", assistant_maximum=None, now=datetime.now(UTC)
        )
        return answer.max_duration_seconds is not None and answer.max_duration_seconds > holds.GRACE_SECONDS

    assert sum(side_by_side(own_agency, ring, range(8), threads=8)) == 2


def test_test_calls_of_many_clients_at_once_stay_within_what_is_allowed(
    own_agency: Agency, ben: Organization, says: Hms
) -> None:
    with door.enter(own_agency):
        StripeConnection.objects.create(agency=own_agency, livemode=False)
        rehearsals.allow(agency_id=own_agency.pk, seconds=90)
        many = [hms_says.ready(says, f"Client {number}", credit=60) for number in range(6)]
    start = Barrier(6)

    def take(organization: Organization) -> int:
        start.wait()
        try:
            with transaction.atomic():
                return holds.take(organization=organization, now=datetime.now(UTC)).seconds
        except obstacles.NotEnoughTime:
            return 0

    assert sorted(side_by_side(own_agency, take, many, threads=6)) == [0, 0, 0, 0, 30, 60]


def test_a_call_that_many_want_to_end_is_told_so_once(own_agency: Agency, ben: Organization, says: Hms) -> None:
    since = datetime.now(UTC) - timedelta(seconds=61)
    says.of(ben).has(status="in-progress", created_at=since, started_at=since)
    with door.enter(own_agency):
        sync.sync(ben.pk, terms=PER_SECOND)
    start = Barrier(6)

    def look(number: int) -> int:
        start.wait()
        return cutting.look(ben.pk)

    assert sum(side_by_side(own_agency, look, range(6), threads=6)) == 1
    assert sum(1 for request in says.requests if request.endswith("/control")) == 1
