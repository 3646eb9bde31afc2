from threading import Barrier

import httpx
import pytest

from agencies import arrivals
from agencies.models import Agency
from billing.models import Wallet
from clients.models import Client
from organizations import provisioning
from organizations.models import Organization
from people.models import User
from tenancy import door
from tests.support import hms_says
from tests.support.booking import side_by_side
from tests.support.hms_says import Hms

says = hms_says.says


@pytest.fixture
def wanted(own_agency: Agency, says: Hms) -> Organization:
    hms_says.connect(says, own_agency)
    with door.enter(own_agency):
        return provisioning.want(Client.objects.create(name="Ben", email="ben@client.test"))


def test_provisioning_many_times_at_once_makes_one_child(own_agency: Agency, wanted: Organization, says: Hms) -> None:
    start = Barrier(8)

    def provision(number: int) -> None:
        start.wait()
        provisioning.provision(wanted.pk)

    side_by_side(own_agency, provision, range(8), threads=8)
    with door.enter(own_agency):
        wanted.refresh_from_db()
    assert (wanted.state, len(says.children())) == ("ready", 1)


def test_a_doubting_run_beside_a_slow_sender_makes_one_child(
    own_agency: Agency, wanted: Organization, says: Hms
) -> None:
    def meanwhile(do: object) -> httpx.Response:
        with door.enter(own_agency):
            Organization.objects.update(state_since="2020-01-01T00:00:00Z")
            for _ in range(3):
                provisioning.provision(wanted.pk)
        return do()

    says.trouble.append(("POST /organizations", meanwhile))
    side_by_side(own_agency, lambda number: provisioning.provision(wanted.pk), range(1), threads=1)
    with door.enter(own_agency):
        wanted.refresh_from_db()
    assert (wanted.state, len(says.children())) == ("ready", 1)


def test_one_person_who_arrives_many_times_at_once_is_one_client(own_agency: Agency) -> None:
    with door.enter(own_agency):
        ben = User.objects.create_user("ben@client.test")
    start = Barrier(8)

    def arrive(number: int) -> None:
        start.wait()
        arrivals.arrive(user=User.objects.get(pk=ben.pk), name="Ben")

    side_by_side(own_agency, arrive, range(8), threads=8)
    with door.enter(own_agency):
        assert (Client.objects.count(), Wallet.objects.count(), Organization.objects.count()) == (1, 1, 1)
