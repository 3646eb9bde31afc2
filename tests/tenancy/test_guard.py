from collections.abc import Callable

import pytest
from django.db.models import Count, Exists, OuterRef

from agencies.models import Agency
from clients.models import Client, ClientMember
from people.models import User
from tenancy import door
from tenancy.guard import WrongSchema


@pytest.fixture
def ben(acme: Agency) -> Client:
    with door.enter(acme):
        return Client.objects.create(name="Ben", email="ben@client.test")


@pytest.mark.parametrize(
    "ask",
    [
        list,
        lambda rows: rows.count(),
        lambda rows: rows.exists(),
        lambda rows: rows.first(),
        lambda rows: rows.filter(name="Ben").get(),
        lambda rows: list(rows.values_list("pk")),
        lambda rows: list(rows.iterator()),
        lambda rows: rows.update(name="Zoe"),
        lambda rows: rows.delete(),
        lambda rows: rows.aggregate(Count("pk")),
        lambda rows: list(rows.union(rows)),
    ],
)
def test_a_query_runs_nowhere_but_where_it_was_written(
    acme: Agency, globex: Agency, ask: Callable[[object], object]
) -> None:
    with door.enter(acme):
        written = Client.objects.filter(name__startswith="B")
    with door.enter(globex), pytest.raises(WrongSchema):
        ask(written)
    with pytest.raises(WrongSchema):
        ask(written)


def test_a_query_may_go_out_and_come_back(acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        written = Client.objects.all()
    with door.enter(acme):
        assert list(written) == [ben]


def test_a_query_inside_another_one_belongs_to_its_schema_too(acme: Agency, globex: Agency) -> None:
    with door.enter(acme):
        inner = ClientMember.objects.filter(client=OuterRef("pk"))
    with door.enter(globex), pytest.raises(WrongSchema):
        list(Client.objects.filter(Exists(inner)))


@pytest.mark.parametrize("change", [Client.save, Client.delete, Client.refresh_from_db])
def test_a_row_is_changed_nowhere_but_where_it_was_read(
    ben: Client, globex: Agency, change: Callable[[Client], object]
) -> None:
    with door.enter(globex), pytest.raises(WrongSchema):
        change(ben)
    with pytest.raises(WrongSchema):
        change(ben)


@pytest.mark.parametrize(
    "follow",
    [
        lambda client: list(client.purchases.all()),
        lambda client: client.wallet,
        lambda client: client.members.count(),
        lambda client: client.members.create(user_id=client.pk),
    ],
)
def test_a_relation_is_followed_nowhere_but_where_its_row_was_read(
    ben: Client, globex: Agency, follow: Callable[[Client], object]
) -> None:
    with door.enter(globex), pytest.raises(WrongSchema):
        follow(ben)


def test_a_field_that_was_left_out_is_not_read_from_elsewhere(acme: Agency, ben: Client, globex: Agency) -> None:
    with door.enter(acme):
        row = Client.objects.only("pk").get()
    with door.enter(globex), pytest.raises(WrongSchema):
        row.name  # noqa: B018


def test_a_person_of_one_side_is_no_person_of_the_other(acme: Agency) -> None:
    ada = User.objects.get(email="ada@acme.test")
    with door.enter(acme):
        assert not User.objects.exists()
        with pytest.raises(WrongSchema):
            ada.save()


def test_what_lives_in_public_alone_is_free(acme: Agency) -> None:
    written = Agency.objects.filter(slug="acme")
    with door.enter(acme):
        assert list(written) == [acme]
        acme.refresh_from_db()
        acme.save(update_fields=["portal_is_on"])
