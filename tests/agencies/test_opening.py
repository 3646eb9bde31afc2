"""An agency is opened whole or not at all."""

from unittest import mock

import pytest
from django.db import IntegrityError, connection

from agencies import addresses, opening
from agencies.models import Agency, Membership
from branding.models import Branding
from clients.models import Client
from domains import names
from domains.models import Domain
from people.models import User
from tenancy import door, template

pytestmark = pytest.mark.django_db


@pytest.fixture
def hana() -> User:
    return User.objects.create_user("hana@harbour.test")


def test_it_has_an_owner_an_address_a_brand_and_an_empty_schema(hana: User) -> None:
    agency = opening.open_agency(slug="harbour", company_name="Harbour Voice", owner=hana)
    assert Membership.objects.get(agency=agency, user=hana).role == Membership.Role.OWNER
    assert Domain.objects.get(tenant=agency).domain == "harbour.portal.localhost"
    assert Branding.objects.get(agency=agency).stylesheet_digest
    assert not agency.portal_is_on
    with door.enter(agency):
        assert not Client.objects.exists()


@pytest.mark.parametrize("slug", ["", "ab", "admin", "Harbour", "-a-"])
def test_a_bad_slug_opens_nothing(slug: str, hana: User) -> None:
    with pytest.raises(names.BadSlug):
        opening.open_agency(slug=slug, company_name="Harbour", owner=hana)
    assert not Membership.objects.filter(user=hana).exists()


def test_a_taken_slug_is_said_to_be_taken(hana: User) -> None:
    with pytest.raises(addresses.SlugTaken, match="taken"):
        opening.open_agency(slug="acme", company_name="Other", owner=hana)
    assert Agency.objects.filter(slug="acme").count() == 1


def test_a_failure_in_the_middle_leaves_nothing_behind(hana: User) -> None:
    with mock.patch.object(opening.dressing, "dress", side_effect=RuntimeError), pytest.raises(RuntimeError):
        opening.open_agency(slug="harbour", company_name="Harbour", owner=hana)
    assert not Agency.objects.filter(slug="harbour").exists()
    with connection.cursor() as cursor:
        newest = Agency.objects.order_by("-pk").values_list("pk", flat=True)[0]
        cursor.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^a_' AND substr(nspname, 3)::int > %s", [newest]
        )
        assert cursor.fetchone() == (0,)


def test_one_owner_opens_so_many_and_no_more(hana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_OPEN_BY_ONE_OWNER", 2)
    for number in range(2):
        opening.open_agency(slug=f"harbour-{number}", company_name="Harbour", owner=hana)
    with pytest.raises(opening.TooManyAgencies, match="2 agencies"):
        opening.open_agency(slug="harbour", company_name="Harbour", owner=hana)
    Agency.objects.filter(slug="harbour-0").update(state=Agency.State.CLOSED)
    assert opening.open_agency(slug="harbour", company_name="Harbour", owner=hana).slug == "harbour"


def test_where_somebody_only_works_is_not_counted(hana: User, acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_OPEN_BY_ONE_OWNER", 1)
    Membership.objects.create(agency=acme, user=hana, role=Membership.Role.MANAGER)
    assert opening.open_agency(slug="harbour", company_name="Harbour", owner=hana).slug == "harbour"


def test_another_error_of_the_database_is_not_taken_for_a_taken_slug(hana: User) -> None:
    with mock.patch.object(template, "create_schema", side_effect=IntegrityError), pytest.raises(IntegrityError):
        opening.open_agency(slug="harbour", company_name="Harbour", owner=hana)


def test_a_suggested_slug_is_free() -> None:
    assert opening.suggest_slug("Harbour Voice") == "harbour-voice"
    assert opening.suggest_slug("Acme") == "acme-2"
    assert opening.suggest_slug("Admin") == "admin-2"
    assert opening.suggest_slug("株式会社") == ""
