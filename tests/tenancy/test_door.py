import pytest
from django.db import OperationalError, connection

from agencies.models import Agency
from clients.models import Client
from people.models import User
from tenancy import door, schemas
from tenancy.backend.base import SchemaMissing

pytestmark = pytest.mark.django_db


def where_am_i() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return cursor.fetchone()[0]


def test_inside_the_door_queries_run_in_the_agencys_schema(acme: Agency) -> None:
    with door.enter(acme):
        assert where_am_i() == schemas.name_for(acme.pk)
        assert schemas.current_agency_id() == acme.pk
    assert where_am_i() == "public"


def test_an_exception_leaves_the_connection_in_public(acme: Agency) -> None:
    with pytest.raises(ZeroDivisionError), door.enter(acme):
        raise ZeroDivisionError
    assert where_am_i() == "public"


def test_a_missing_schema_is_an_error_and_never_public() -> None:
    typo = Agency(pk=999_999, slug="typo", schema_name="a_999999")
    with door.enter(typo), pytest.raises(SchemaMissing):
        User.objects.count()


class Cancelled:
    """A cursor whose first statement the server cancels."""

    def execute(self, sql: str, params: object) -> None:
        raise OperationalError("canceling statement due to user request")


def test_no_query_runs_on_a_path_that_could_not_be_set(acme: Agency) -> None:
    with door.enter(acme), pytest.raises(OperationalError):
        connection._handle_search_path(Cancelled())


def test_an_agency_that_is_not_ready_is_not_entered(acme: Agency) -> None:
    acme.state = Agency.State.CLOSED
    with pytest.raises(door.AgencyNotReady), door.enter(acme):
        raise AssertionError("entered")


def test_there_is_no_way_from_one_agency_into_another(acme: Agency, globex: Agency) -> None:
    with door.enter(acme), pytest.raises(door.AlreadyInside), door.enter(globex):
        raise AssertionError("entered")


def test_an_agency_owns_the_schema_of_its_own_number_only(acme: Agency, globex: Agency) -> None:
    globex.schema_name = acme.schema_name
    with pytest.raises(door.AgencyNotReady), door.enter(globex):
        raise AssertionError("entered")


def test_clients_of_one_agency_are_unknown_in_another(acme: Agency, globex: Agency) -> None:
    with door.enter(acme):
        Client.objects.create(name="Ben", email="ben@client.test")
    with door.enter(globex):
        assert not Client.objects.exists()


def test_a_savepoint_that_is_rolled_back_keeps_the_path(acme: Agency) -> None:
    from django.db import transaction

    with door.enter(acme):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Client.objects.count()
            raise ZeroDivisionError
        assert where_am_i() == acme.schema_name
