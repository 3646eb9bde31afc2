"""Two calls at once on what is enough for one, against the sandbox in a process of its own."""

from collections.abc import Iterator
from threading import Barrier

import httpx
import pytest

from agencies import minutes
from agencies.models import Agency
from billing import wallets
from calls import holds, placing, sync
from calls.models import Call
from clients.models import Client
from organizations import assistants, hms, provisioning
from tenancy import door
from tests.sandbox.conftest import Process
from tests.support import hms_says
from tests.support.booking import side_by_side
from tests.support.hms_says import PER_SECOND

ACTOR = {"kind": "client", "id": "7", "email": "ben@client.test"}


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("hms") / "state.sqlite3")
    process.post("/hms/settings", ring_seconds=0.05, talk_seconds_min=600, talk_seconds_max=600, webhooks="off")
    yield process
    process.stop()


def test_two_calls_at_once_on_sixty_seconds_overdraw_by_no_more_than_the_grace(
    own_agency: Agency, sandbox: Process, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HMS_API_URL = f"{sandbox.url}/hms/api/v1"
    parent, start = sandbox.post("/hms/organizations", name="Own", minutes=500), Barrier(2)
    with httpx.Client() as connections:
        monkeypatch.setattr(hms, "_connections", lambda: connections)
        minutes.connect(own_agency.pk, parent["api_key"])
        with door.enter(own_agency):
            client = Client.objects.create(name="Ben", email="ben@client.test")
            hms_says.top_up(client, 60)
            organization = provisioning.want(client)
            provisioning.provision(organization.pk)
            assistants.equip(organization.pk)
            organization.refresh_from_db()
            with hms.for_organization(organization) as api:
                api.numbers.create(phone_number="+31200000001")
            assistant_id = assistants.in_use(organization)[0].id

        def place(destination: str) -> bool:
            start.wait()
            try:
                placing.start(
                    client_id=client.pk,
                    assistant_id=assistant_id,
                    number_id=None,
                    destination=destination,
                    actor=ACTOR,
                )
            except placing.NotEnoughTime:
                return False
            return True

        assert sorted(side_by_side(own_agency, place, ["+31612345671", "+31612345672"], threads=2)) == [False, True]
        with door.enter(own_agency):
            call = Call.objects.get()
            sandbox.post(f"/hms/calls/{call.hms_id.replace('+', '%2B')}/end", duration_seconds=60 + holds.GRACE_SECONDS)
            sync.sync(organization.pk, terms=PER_SECOND)
            wallet = wallets.get(client.pk)
            assert (wallet.balance, wallet.held) == (-holds.GRACE_SECONDS, 0)
