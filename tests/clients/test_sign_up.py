import pytest

from agencies.models import Agency
from clients import sign_up
from clients.models import Client, ClientMember
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(acme: Agency):
    with door.enter(acme):
        yield User.objects.create_user("ben@client.test", name="Ben")


def test_a_person_who_signs_up_owns_a_client(ben: User) -> None:
    client = sign_up.register(user=ben, name="Ben's Bikes")
    assert (client.name, client.email, client.state) == ("Ben's Bikes", "ben@client.test", "active")
    member = ClientMember.objects.get()
    assert (member.client_id, member.user_id, member.role) == (client.pk, ben.pk, "owner")


def test_signing_up_twice_is_one_client(ben: User) -> None:
    first = sign_up.register(user=ben, name="Ben's Bikes")
    assert sign_up.register(user=ben, name="Another name") == first
    assert Client.objects.count() == 1


@pytest.mark.parametrize(("name", "shown"), [("  ", "ben"), ("x" * 200, "x" * 120), (" Ben ", "Ben")])
def test_the_name_is_made_to_fit(ben: User, name: str, shown: str) -> None:
    assert sign_up.register(user=ben, name=name).name == shown
