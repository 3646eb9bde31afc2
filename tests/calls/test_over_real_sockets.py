"""The same code against the sandbox: another process, real sockets, calls that ring, talk and end by themselves."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from agencies import minutes, quarantine
from agencies.models import Agency
from billing import wallets
from calls import control, placing, sync
from calls.models import Call, Hold
from clients.models import Client
from hms_client import Number
from organizations import assistants, hms, provisioning
from organizations.models import Organization
from tenancy import door
from tests.sandbox.conftest import Process, eventually
from tests.support import hms_says
from tests.support.hms_says import PER_SECOND
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db
ACTOR = {"kind": "client", "id": "7", "email": "ben@client.test"}


# HMS as the other half of its pages would have it.
OTHER_READINGS = {
    "nested_errors": True,
    "usage_fields": "older",
    "parent_sees_children": True,
    "child_shows_pool": False,
    "delete_status": 204,
    "foreign_status": 403,
    "call_ids": "uuid",
}


@pytest.fixture(scope="module", params=[{}, OTHER_READINGS], ids=["usual readings", "other readings"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("hms") / "state.sqlite3")
    process.post("/hms/settings", ring_seconds=0.05, talk_seconds_min=2, talk_seconds_max=2, webhooks="off")
    process.post("/hms/settings", **request.param)
    yield process
    process.stop()


@pytest.fixture
def connected(sandbox: Process, acme: Agency, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agency]:
    """In the schema of acme, connected with a parent organization of the sandbox's."""
    settings.HMS_API_URL = f"{sandbox.url}/hms/api/v1"
    parent = sandbox.post("/hms/organizations", name="Acme", minutes=500)
    with httpx.Client() as client:
        monkeypatch.setattr(hms, "_connections", lambda: client)
        minutes.connect(acme.pk, parent["api_key"])
        with door.enter(acme):
            yield acme


@pytest.fixture
def ben(connected: Agency) -> Organization:
    client = Client.objects.create(name="Ben", email="ben@client.test")
    hms_says.top_up(client, 600)
    organization = provisioning.want(client)
    provisioning.provision(organization.pk)
    assistants.equip(organization.pk)
    return Organization.objects.select_related("client").get(pk=organization.pk)


def number_of(organization: Organization, sandbox: Process) -> assistants.Number:
    """A number of the organization: one that it has, or one that its agency forwards now."""
    if not assistants.numbers(organization):
        with hms.for_organization(organization) as client:
            made: Number = client.numbers.create(phone_number="+31200000001")
        return assistants.Number(made.id, made.phone_number, "", None)
    return assistants.numbers(organization)[0]


def place(organization: Organization, sandbox: Process) -> Call:
    return placing.start(
        client_id=organization.client_id,
        assistant_id=assistants.in_use(organization)[0].id,
        number_id=number_of(organization, sandbox).id,
        destination="+31612345678",
        actor=ACTOR,
    )


def test_a_call_is_placed_ends_and_lowers_balance_and_minutes(
    ben: Organization, connected: Agency, sandbox: Process
) -> None:
    before = HMSConnection.objects.get().seconds_left
    call = place(ben, sandbox)
    assert wallets.get(ben.client_id).held == 600

    def booked() -> bool:
        sync.sync(ben.pk, terms=PER_SECOND)
        call.refresh_from_db()
        return call.booked_at is not None

    eventually(booked)
    wallet = wallets.get(ben.client_id)
    assert call.measured_seconds > 0
    assert (wallet.balance, wallet.held) == (600 - call.measured_seconds, 0)
    left = minutes.refresh(connected.pk)
    assert left is not None
    assert left.seconds_left == before - call.measured_seconds


def test_a_lost_answer_at_creation_leaves_exactly_one_child(connected: Agency, sandbox: Process) -> None:
    organization = provisioning.want(Client.objects.create(name="Lost", email="lost@client.test"))
    sandbox.post("/faults", prefix="/hms/api/v1/organizations", method="POST", kind="lost")
    for _ in range(3):
        provisioning.provision(organization.pk)
    named = [one for one in sandbox.get("/hms/state")["organizations"] if one["name"] == organization.hms_name]
    organization.refresh_from_db()
    assert [one["id"] for one in named] == [organization.hms_id]
    ready = provisioning.paste_key(organization.pk, named[0]["api_key"])
    assert ready.state == "ready"


def test_a_lost_answer_at_placing_rings_once_and_is_settled_by_the_list(ben: Organization, sandbox: Process) -> None:
    number_of(ben, sandbox)
    sandbox.post("/faults", prefix="/hms/api/v1/calls/outbound", method="POST", kind="lost")
    with pytest.raises(placing.AnswerLost):
        place(ben, sandbox)

    def settled() -> bool:
        sync.sync(ben.pk, terms=PER_SECOND)
        return Hold.objects.filter(released_at__lte=timezone.now()).exists()

    eventually(settled)
    call = Call.objects.get()
    assert wallets.get(ben.client_id).balance == 600 - call.measured_seconds


def test_a_call_that_hms_corrects_is_corrected(ben: Organization, sandbox: Process) -> None:
    told = sandbox.post("/hms/calls/finished", organization_id=ben.hms_id, duration_seconds=65)
    sync.sync(ben.pk, terms=PER_SECOND)
    call = told["id"].replace("+", "%2B")
    httpx.patch(f"{sandbox.url}/_sandbox/hms/calls/{call}", json={"duration_seconds": 125}).raise_for_status()
    sync.sync(ben.pk, terms=PER_SECOND)
    assert wallets.get(ben.client_id).balance == 600 - 125


def test_hms_own_totals_agree_and_a_call_of_the_parents_is_kept_apart(
    ben: Organization, connected: Agency, sandbox: Process
) -> None:
    parent_id = HMSConnection.objects.get().organization_id
    for organization_id, seconds in ((ben.hms_id, 65), (ben.hms_id, 120), (parent_id, 33)):
        sandbox.post("/hms/calls/finished", organization_id=organization_id, duration_seconds=seconds)
    two_days_later = timezone.now() + control.CUT + control.NEAR
    found = control.compare(ben.pk, now=two_days_later)
    assert found is not None
    assert (found.theirs, found.ours, found.difference) == (185, 0, 185)
    sync.sync(ben.pk, terms=PER_SECOND)
    found = control.compare(ben.pk, now=two_days_later)
    assert found is not None
    assert (found.theirs, found.ours, found.near) == (185, 185, 0)
    quarantine.look(timezone.now() + timedelta(hours=10))
    assert [call.measured_seconds for call in quarantine.latest(9)] == [33]
