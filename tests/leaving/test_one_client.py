"""Erasing one client: whoever looks for them afterwards finds nothing, and every sum is as it was."""

import io
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from agencies.models import Agency, ClientInvitation, ClientNote, ClientVisit, Discrepancy
from billing.models import LedgerEntry, Package, Purchase, Wallet
from calls.models import Call, Hold
from clients.models import Client
from follow_ups.models import FollowUp
from inbox import hms_endpoints
from inbox.models import StripeEvent
from leaving import archive, exports, one_client
from organizations.models import Organization
from people.models import User
from portal.jobs import KINDS
from tenancy import door
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
ADA = {"kind": "member", "id": "1", "email": "ada@acme.test"}
# What Ben and his callers are known by.
TRACES = ("ben@client.test", "ben's bakery", "31612347788", "bakery")


@pytest.fixture
def ben(acme: Agency, cast: Cast) -> Client:
    """Ben, who stands in every table that can name somebody, and of whom nothing is on its way."""
    with door.enter(acme):
        client = Client.objects.get(pk=cast.ids_of_acme["client_id"])
        EmailAddress.objects.create(user=User.objects.get(email="ben@client.test"), email="ben@client.test")
        now = timezone.now()
        Call.objects.filter(organization__client=client).update(
            hms_id="call-_+31612347788_1", ledger_key="k1:1", customer_number="+31612347788", booked_at=now
        )
        organization = Organization.objects.get(client=client)
        hms_endpoints.open_endpoint(organization_id=organization.pk)
        Hold.objects.create(
            organization=organization,
            seconds=1,
            destination="+31612347788",
            hms_call_id="call-_+31612347788_1",
            actor={"email": "ben@client.test"},
            expires_at=now,
            released_at=now,
        )
        purchase = Purchase.objects.filter(client=client)
        purchase.update(created_by="ben@client.test", stripe_session_id="cs_1", receipt_url="https://x/ben@client.test")
        # What the agency calls its packages is its own.
        Package.objects.update(name="Starter")
        purchase.update(package_name="Starter")
    StripeEvent.objects.create(
        agency=acme,
        event_id="evt_1",
        type="x",
        livemode=False,
        event_at=now,
        state="applied",
        payload=b'{"id":"cs_1","email":"ben@client.test"}',
    )
    StripeEvent.objects.create(
        agency=acme, event_id="evt_2", type="x", livemode=False, event_at=now, state="applied", payload=b"{}"
    )
    Discrepancy.objects.create(
        agency=acme, kind="stripe", subject="x", client_id=client.pk, words="Ben's Bakery paid", facts={"who": "Bakery"}
    )
    ClientNote.objects.create(agency=acme, client_id=client.pk, text="The bakery pays late")
    ClientVisit.objects.create(
        agency=acme, client_id=client.pk, member_id=client.pk, member_email="a@b.c", reason="Ben's Bakery asked"
    )
    ClientInvitation.objects.create(agency=acme, email="ben@client.test", name="Ben", token_hash="x", expires_at=now)
    return client


def erase(agency: Agency, client: Client) -> None:
    with door.enter(agency):
        one_client.ask(client_id=client.pk, typed="Ben@client.test", actor=ADA, now=timezone.now())
        (follow_up,) = FollowUp.objects.filter(agency=agency, kind=one_client.KIND)
        assert KINDS[one_client.KIND](follow_up.subject) is None


def traces(schema: str) -> dict[str, int]:
    """Tables of the schema in which one of Ben's traces stands, in whatever column."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(%s)", [schema]
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{schema}"."{table}" AS each WHERE lower(each::text) ~ %s', ["|".join(TRACES)]
            )
            if number := cursor.fetchone()[0]:
                found[table] = number
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND atttypid = 'bytea'::regtype"
                " AND NOT attisdropped",
                [f'"{schema}"."{table}"'],
            )
            for (column,) in cursor.fetchall():
                cursor.execute(
                    f'SELECT count(*) FROM "{schema}"."{table}"'
                    f" WHERE position('ben@client.test'::bytea in \"{column}\") > 0"
                )
                if number := cursor.fetchone()[0]:
                    found[f"{table}.{column}"] = number
    return found


def test_nothing_in_the_database_leads_to_the_person_any_more(acme: Agency, ben: Client) -> None:
    assert {"clients_client", "people_user", "calls_call", "calls_hold", "billing_purchase"} <= set(
        traces(acme.schema_name)
    )
    assert {"inbox_stripeevent.payload", "agencies_discrepancy"} <= set(traces("public"))
    erase(acme, ben)
    # The reason that the agency typed with an entry is part of its digest.
    assert set(traces(acme.schema_name)) == {"billing_ledgerentry"}
    assert traces("public") == {}
    assert StripeEvent.objects.get(event_id="evt_2").payload


def test_every_sum_is_as_it_was_and_proved(acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        before = list(LedgerEntry.objects.values_list("wallet_id", "version", "amount", "digest"))
        held = Wallet.objects.get(pk=ben.pk).balance
    erase(acme, ben)
    with door.enter(acme):
        assert list(LedgerEntry.objects.values_list("wallet_id", "version", "amount", "digest")) == before
        assert Wallet.objects.get(pk=ben.pk).balance == held
        assert Call.objects.filter(organization__client_id=ben.pk, billed_seconds=60, measured_seconds=60).exists()
    call_command("verify_ledger", "--agency", "acme", stdout=io.StringIO())


def test_nobody_signs_in_for_an_erased_client(acme: Agency, ben: Client, cast: Cast) -> None:
    visitor = cast.on_portal_of_acme("ben")
    assert visitor.get("/statement/").status_code == 200
    erase(acme, ben)
    assert visitor.get("/statement/").status_code == 302
    with door.enter(acme):
        user = User.objects.get(client_member__client_id=ben.pk)
    assert not user.is_active
    assert not user.has_usable_password()


def test_archives_with_the_person_in_them_go(
    acme: Agency, ben: Client, django_capture_on_commit_callbacks: Any
) -> None:
    made = [exports.ask(agency_id=acme.pk, asked_by={}, client_id=client_id) for client_id in (None, ben.pk)]
    with door.enter(acme):
        for export in made:
            exports.make(export_id=export.pk, now=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        erase(acme, ben)
    assert not any(archive.path_of(export.pk).exists() for export in made)
    assert exports.ready(acme.pk) is None


def test_an_archive_that_is_being_written_meanwhile_is_given_up(
    acme: Agency, ben: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    export = exports.ask(agency_id=acme.pk, asked_by={})
    write = archive.write_some

    def erased_meanwhile(*args: Any, **how: Any) -> bool:
        is_whole = write(*args, **how)
        erase(acme, ben)
        return is_whole

    monkeypatch.setattr(archive, "write_some", erased_meanwhile)
    with door.enter(acme), django_capture_on_commit_callbacks(execute=True):
        exports.make(export_id=export.pk, now=timezone.now())
    assert exports.ready(acme.pk) is None
    assert not archive.path_of(export.pk).exists()


def test_another_client_is_left_alone(acme: Agency, ben: Client) -> None:
    erase(acme, ben)
    with door.enter(acme):
        assert Client.objects.filter(name="Bob's Bikes", email="bob@client.test", state="active").exists()


def test_what_is_on_its_way_is_waited_for_but_not_for_ever(acme: Agency, ben: Client) -> None:
    now = timezone.now()
    with door.enter(acme):
        one_client.ask(client_id=ben.pk, typed=ben.email, actor=ADA, now=now)
        Purchase.objects.filter(client=ben).update(awaiting_bank=True)
        assert one_client.go_on(client_id=ben.pk, asked_at=now, now=now) == now + timedelta(minutes=10)
        ben.refresh_from_db()
        assert (ben.email, ben.state) == ("ben@client.test", Client.State.SUSPENDED)
        late = now + one_client.LONGEST_WAIT
        assert one_client.go_on(client_id=ben.pk, asked_at=now, now=late) is None
        ben.refresh_from_db()
    assert one_client.is_erased(ben)


def test_only_the_typed_address_erases_and_reactivating_calls_it_off(acme: Agency, ben: Client) -> None:
    now = timezone.now()
    with door.enter(acme):
        with pytest.raises(one_client.NotTheAddress):
            one_client.ask(client_id=ben.pk, typed="bob@client.test", actor=ADA, now=now)
        one_client.ask(client_id=ben.pk, typed=ben.email, actor=ADA, now=now)
        one_client.ask(client_id=ben.pk, typed=ben.email, actor=ADA, now=now + timedelta(minutes=1))
        assert FollowUp.objects.filter(agency=acme, kind=one_client.KIND).count() == 1
        assert one_client.is_asked(ben.pk)
        Client.objects.filter(pk=ben.pk).update(state=Client.State.ACTIVE)
        assert one_client.go_on(client_id=ben.pk, asked_at=now, now=now) is None
        ben.refresh_from_db()
    assert ben.email == "ben@client.test"
