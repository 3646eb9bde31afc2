"""The five rules that make one table name on two sides safe."""

import uuid
from collections.abc import Callable

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import PermissionsMixin
from django.db import connection, models

from agencies.models import Agency, Membership
from clients.models import Client, ClientMember
from people.models import User, UsersAreNeverDeleted
from tenancy import door
from tenancy.backend.base import SchemaMissing

pytestmark = pytest.mark.django_db
# Django's own journal of the admin. Its rows are reached through a deletion of a person alone, which is refused.
FOREIGN_RELATIONS = {"admin.LogEntry"}


def test_a_persons_key_is_a_uuid() -> None:
    assert isinstance(User._meta.pk, models.UUIDField)
    assert User.objects.create_user("x@x.test").pk.version == uuid.uuid4().version


def test_a_person_has_no_groups_or_permissions() -> None:
    assert not issubclass(User, PermissionsMixin)
    assert User._meta.many_to_many == ()


def test_staff_is_read_from_operator_and_cannot_be_set() -> None:
    person = User(email="x@x.test", is_operator=True)
    assert person.is_staff
    with pytest.raises(AttributeError):
        person.is_staff = False  # type: ignore[misc]
    assert "is_staff" not in {field.name for field in User._meta.get_fields()}


def test_a_person_is_not_deleted_by_instance_query_or_raw_delete() -> None:
    ada = User.objects.get(email="ada@acme.test")
    for delete in (
        ada.delete,
        User.objects.filter(pk=ada.pk).delete,
        User.objects.all().delete,
        User._base_manager.all().delete,
        User._default_manager.all().delete,
        lambda: User.objects.all()._raw_delete("default"),
        Membership.objects.get(user=ada).user.delete,
    ):
        with pytest.raises(UsersAreNeverDeleted):
            delete()
    assert User.objects.filter(pk=ada.pk).exists()


def test_an_operator_may_do_everything_but_delete_people() -> None:
    operator = User(email="op@x.test", is_operator=True)
    assert operator.has_perm("people.view_user")
    assert not operator.has_perm("people.delete_user")
    assert not User(email="x@x.test").has_perm("people.view_user")
    assert not User(email="x@x.test", is_operator=True, is_active=False).has_perm("people.view_user")


def is_on_both_sides(model: type[models.Model]) -> bool:
    name = apps.get_app_config(model._meta.app_label).name
    return name in settings.SHARED_APPS and name in settings.TENANT_APPS


def test_a_relation_from_one_side_alone_does_nothing_when_a_person_goes() -> None:
    one_sided = [
        relation
        for relation in User._meta.related_objects
        if not is_on_both_sides(relation.related_model) and relation.related_model._meta.label not in FOREIGN_RELATIONS
    ]
    assert {relation.related_model for relation in one_sided} >= {Membership, ClientMember}
    assert {relation.on_delete for relation in one_sided} == {models.DO_NOTHING}


def test_a_deletion_in_an_agency_does_not_follow_the_path_into_public(acme: Agency) -> None:
    ada = User.objects.get(email="ada@acme.test")
    with door.enter(acme):
        twin = User(pk=ada.pk, email="twin@client.test")
        twin.save(force_insert=True)
        with pytest.raises(UsersAreNeverDeleted):
            twin.delete()
    assert Membership.objects.filter(user=ada).exists()


def test_people_holds_no_other_model() -> None:
    assert list(apps.get_app_config("people").get_models()) == [User]


@pytest.mark.parametrize("ask", [User.objects.count, Client.objects.count])
def test_a_schema_that_is_missing_is_never_read_from_public(ask: Callable[[], int]) -> None:
    with door.enter(Agency(pk=999_999, slug="typo", schema_name="a_999999")), pytest.raises(SchemaMissing):
        ask()


def test_a_schema_that_is_dropped_is_not_replaced_by_public(acme: Agency) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER SCHEMA "{acme.schema_name}" RENAME TO elsewhere')
    with door.enter(acme), pytest.raises(SchemaMissing):
        User.objects.count()


def test_the_same_address_at_two_agencies_is_two_people(acme: Agency, globex: Agency) -> None:
    keys = set()
    for agency in (acme, globex):
        with door.enter(agency):
            keys.add(User.objects.create_user("Same@Person.test").pk)
    assert len(keys) == 2
    assert not User.objects.filter(email="same@person.test").exists()
