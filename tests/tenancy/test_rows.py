"""Rows read and written by prepared statements are what the ORM would have read and written."""

from uuid import uuid4

import pytest
from django.db import DataError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Agency
from billing.models import Currency, Package, Purchase
from clients.models import Client
from inbox.models import StripeEvent
from tenancy import door, rows
from tenancy.guard import WrongSchema
from tests.support.booking import side_by_side


@pytest.fixture
def purchase(ben: Client) -> Purchase:
    package = Package.objects.create(name="100", credits=100, price_minor=4_000, currency=Currency.EUR)
    return Purchase.objects.create(
        client=ben,
        package=package,
        package_name="100 “credits”",
        seconds=6_000,
        price_minor=4_000,
        currency="eur",
        livemode=False,
        stripe_price_id="price_1",
        history=[{"state": "paid", "at": "2026-01-01T00:00:00+00:00"}, "[]", None],
        paid_at=timezone.now(),
    )


def everything(row: Purchase | StripeEvent | Package) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("is_watched", [False, True])
def test_every_field_is_read_as_the_orm_reads_it(purchase: Purchase, is_watched: bool) -> None:
    if is_watched:
        with CaptureQueriesContext(connection):
            found = rows.lock(Purchase, purchase.pk)
    else:
        found = rows.lock(Purchase, purchase.pk)
    assert found is not None
    assert everything(found) == everything(Purchase.objects.get(pk=purchase.pk))
    assert not found._state.adding


def test_rows_of_public_and_bytes_are_read_as_well(acme: Agency) -> None:
    stored = StripeEvent.objects.create(
        agency=acme, event_id="evt_1", type="x", livemode=False, event_at=timezone.now(), payload=b'{"a": 1}'
    )
    found = rows.lock(StripeEvent, stored.pk)
    assert found is not None
    assert everything(found) | {"payload": b""} == everything(StripeEvent.objects.get(pk=stored.pk)) | {"payload": b""}
    assert bytes(found.payload) == b'{"a": 1}'


def test_what_is_written_is_what_the_orm_reads_back_and_nothing_else(purchase: Purchase) -> None:
    found = rows.lock(Purchase, purchase.pk)
    assert found is not None
    found.problem, found.tax_minor, found.history, found.closed_at = "Ein “Problem”", 7, [{"b": [1]}], timezone.now()
    found.price_minor = 1
    rows.write(found, ("problem", "tax_minor", "history", "closed_at"))
    expected = everything(found) | {"price_minor": 4_000}
    assert everything(Purchase.objects.get(pk=purchase.pk)) == expected


def test_a_text_that_is_too_long_is_refused_and_not_cut(purchase: Purchase) -> None:
    purchase.problem = "x" * 301
    with pytest.raises(DataError), transaction.atomic():
        rows.write(purchase, ("problem",))


def test_a_row_of_another_schema_is_not_written(purchase: Purchase, globex: Agency) -> None:
    connection.set_schema_to_public()
    with door.enter(globex), pytest.raises(WrongSchema):
        rows.write(purchase, ("problem",))


def test_who_is_not_there_is_none_to_read_and_an_error_to_write(purchase: Purchase) -> None:
    assert rows.lock(Purchase, uuid4()) is None
    purchase.pk = uuid4()
    with pytest.raises(Purchase.DoesNotExist):
        rows.write(purchase, ("problem",))


def test_a_row_is_locked_for_others_and_only_inside_a_transaction(own_agency: Agency) -> None:
    with door.enter(own_agency):
        kim = Client.objects.create(name="Kim", email="kim@client.test")
        with pytest.raises(TransactionManagementError):
            rows.lock(Client, kim.pk)

        def add(_number: int) -> None:
            with transaction.atomic():
                found = rows.lock(Client, kim.pk)
                assert found is not None
                found.name += "!"
                rows.write(found, ("name",))

    side_by_side(own_agency, add, range(12), threads=4)
    with door.enter(own_agency):
        assert Client.objects.get(pk=kim.pk).name == "Kim" + "!" * 12


def test_rows_that_are_inserted_at_once_are_those_that_the_orm_would_have_saved(acme: Agency) -> None:
    with door.enter(acme):
        made = [
            Package(name=name, credits=100, price_minor=4_000, currency=Currency.EUR)
            for name in ("Tab\there", "Line\nend", "\\N", "", "“€”")
        ]
        rows.insert(made)
        rows.insert([])
        kept = {row.pk: everything(row) for row in Package.objects.all()}
    assert [kept[row.pk] for row in made] == [everything(row) for row in made]


def test_json_is_inserted_as_it_was_and_none_as_null(ben: Client) -> None:
    package = Package.objects.create(name="100", credits=100, price_minor=4_000, currency=Currency.EUR)
    fields = {"client": ben, "package": package, "seconds": 60, "price_minor": 1, "currency": "eur", "livemode": False}
    history = [{"state": "paid"}, "[]", None, "\\"]
    rows.insert([Purchase(**fields, package_name="100", stripe_price_id="price_1", history=history)])
    kept = Purchase.objects.get()
    assert (kept.history, kept.paid_at) == (history, None)
