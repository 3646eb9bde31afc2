"""The first page of a running portal, and the list of calls."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import overview
from agencies.arrivals import arrive
from agencies.models import Agency
from billing import ledger
from billing.models import LedgerEntry, Package, Purchase
from calls.models import Call
from clients.models import Client
from organizations.models import Organization
from people.models import User
from tenancy import door
from vault.models import HMSConnection, StripeConnection

pytestmark = pytest.mark.django_db


def busy_client(number: int = 1) -> Client:
    client = arrive(user=User.objects.create_user(f"c{number}@client.test"), name=f"Client {number}")
    package = Package.objects.create(name="100 credits", credits=100, price_minor=4000)
    Purchase.objects.create(
        client=client,
        package=package,
        package_name="100 credits",
        seconds=6000,
        price_minor=4000,
        currency="eur",
        livemode=True,
        stripe_price_id="price_1",
        state=Purchase.State.PAID,
    )
    Call.objects.create(
        organization=client.organization,
        hms_id=f"call-{number}",
        status="ended",
        direction="outbound",
        customer_number="+31201234112",
        placed_at=timezone.now() - timedelta(minutes=number),
        measured_seconds=204,
        billed_seconds=204,
        booked_at=timezone.now(),
    )
    ledger.post(
        client_id=client.pk,
        amount=6000,
        kind=LedgerEntry.Kind.PURCHASE,
        source="stripe",
        source_id=str(number),
        fact={},
        livemode=True,
        actor={},
    )
    return client


def test_an_empty_overview_teaches(ada) -> None:
    page = ada.get("overview/").content.decode()
    assert "Nothing bought yet" in page
    assert "6 required steps are open" in page


def test_it_shows_what_is_left_what_is_owed_and_what_happened(ada, acme: Agency) -> None:
    HMSConnection.objects.create(agency=acme, seconds_left=8412 * 60 + 59, checked_at=timezone.now())
    with door.enter(acme):
        busy_client()
    page = ada.get("overview/").content.decode()
    for shown in ("8,412", "100.00", "€ 40.00", "Call to +31 2 ••• 4112", "−3.40"):
        assert shown in page


def test_revenue_margin_runway_and_coverage_stand_on_the_page_with_a_table_beside_the_charts(ada, acme: Agency) -> None:
    HMSConnection.objects.create(agency=acme, seconds_left=3000, checked_at=timezone.now())
    with door.enter(acme):
        busy_client()
        Purchase.objects.update(paid_at=timezone.now(), paid_minor=4000)
        Call.objects.update(cost_micro_per_minute=70_000)
    page = ada.get("overview/").content.decode()
    # 204 s at 0.07 for a minute are 23.8 cents.
    for shown in ("€ 39.76 after the cost of calls", "99.4 %", "your minutes cover 50.0 %", "14 days", "1 today"):
        assert shown in page, shown
    assert 'data-table="earnings-by-day"' in page
    assert 'data-value="40.00"' in page


def test_clients_who_need_something_are_counted_by_what_it_is(ada, acme: Agency) -> None:
    with door.enter(acme):
        for number in (1, 2):
            busy_client(number)
        Client.objects.filter(name="Client 1").update(state=Client.State.SUSPENDED)
    page = ada.get("overview/").content.decode()
    assert "2 not ready to call · 1 suspended" in page


@pytest.mark.parametrize(
    ("left", "words"), [(60, "nearly used up"), (6000, "more credits than you have minutes"), (600_000, "")]
)
def test_minutes_that_run_out_are_pointed_out(ada, acme: Agency, left: int, words: str) -> None:
    HMSConnection.objects.create(agency=acme, seconds_left=left, checked_at=timezone.now())
    with door.enter(acme):
        for number in (1, 2):
            busy_client(number)
    page = ada.get("overview/").content.decode()
    assert (words in page) if words else ("used up" not in page and "more credits" not in page)


def test_an_organization_in_trouble_is_pointed_out(ada, acme: Agency) -> None:
    with door.enter(acme):
        busy_client()
        Organization.objects.update(state=Organization.State.UNCLEAR)
    assert "1 client has no HMS organization yet" in ada.get("overview/").content.decode()


@pytest.mark.parametrize("page", ["overview/", "attention/"])
@pytest.mark.parametrize(("state", "words"), [("disabled", "has switched off its messages"), ("absent", "no endpoint")])
def test_an_endpoint_that_stripe_does_not_send_to_is_pointed_out_with_what_to_do(
    ada, acme: Agency, state: str, words: str, page: str
) -> None:
    known = StripeConnection.objects.create(agency=acme, webhook_secret_sealed=b"sealed", endpoint_state=state)
    shown = ada.get(page).content.decode()
    assert words in shown
    assert 'href="/agencies/acme/payments/#webhook"' in shown
    assert "Set it up anew under Payments" in shown
    StripeConnection.objects.filter(pk=known.pk).update(endpoint_state="enabled")
    assert words not in ada.get(page).content.decode()


def test_an_endpoint_that_was_never_set_up_is_a_matter_of_the_checklist(ada, acme: Agency) -> None:
    StripeConnection.objects.create(agency=acme, endpoint_state="absent")
    assert "no endpoint" not in ada.get("overview/").content.decode()


def test_ten_clients_cost_as_many_queries_as_one(ada, acme: Agency) -> None:
    counts = []
    for numbers in ([1], range(2, 11)):
        with door.enter(acme):
            for number in numbers:
                busy_client(number)
        with CaptureQueriesContext(connection) as queries:
            ada.get("overview/")
            ada.get("clients/")
            ada.get("calls/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_calls_go_on_page_by_page_with_masked_numbers(ada, acme: Agency) -> None:
    with door.enter(acme):
        client = busy_client(0)
        for number in range(40):
            Call.objects.create(
                organization=client.organization,
                hms_id=f"more-{number}",
                status="ended",
                direction="inbound",
                customer_number="+31612345678",
                placed_at=timezone.now() - timedelta(hours=number + 1),
            )
    first = ada.get("calls/")
    second = ada.get("calls/", after=first.context["page"].older)
    assert (len(first.context["rows"]), len(second.context["rows"])) == (30, 11)
    assert b"+31612345678" not in first.content


def test_the_latest_calls_are_those_placed_last_whenever_they_were_seen(ada, acme: Agency) -> None:
    with door.enter(acme):
        for number in (1, 2):
            busy_client(number)
        Call.objects.filter(hms_id="call-2").update(first_seen_at=timezone.now() + timedelta(hours=1))
        assert [call.hms_id for call in overview.look(acme).calls] == ["call-1", "call-2"]
