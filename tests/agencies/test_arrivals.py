import pytest

from agencies import arrivals
from agencies.models import Agency
from billing import wallets
from billing.models import Wallet
from clients.models import Client
from follow_ups.models import FollowUp
from notifications.models import Notification
from organizations import provisioning
from organizations.models import Organization
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(acme: Agency):
    with door.enter(acme):
        yield User.objects.create_user("ben@client.test", name="Ben")


def test_a_new_client_has_an_empty_wallet_and_an_organization_on_its_way(ben: User, acme: Agency) -> None:
    client = arrivals.arrive(user=ben, name="Ben")
    assert wallets.get(client.pk).balance == 0
    assert (client.organization.state, Wallet.objects.count()) == ("wanted", 1)
    asked = FollowUp.objects.get(kind="organization")
    assert (asked.agency_id, asked.subject) == (acme.pk, str(client.organization.pk))


def test_arriving_twice_changes_nothing(ben: User) -> None:
    assert arrivals.arrive(user=ben, name="Ben") == arrivals.arrive(user=ben, name="Ben")
    assert (Client.objects.count(), Organization.objects.count()) == (1, 1)
    assert sorted(FollowUp.objects.values_list("kind", flat=True)) == ["notification", "organization"]
    assert Notification.objects.get().count == 1


def test_an_arrival_is_whole_or_not_at_all(ben: User, monkeypatch) -> None:
    def fail(client: Client) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(provisioning, "want", fail)
    with pytest.raises(ZeroDivisionError):
        arrivals.arrive(user=ben, name="Ben")
    assert (Client.objects.count(), Wallet.objects.count()) == (0, 0)
