"""The prices of one client on the dashboard and on the portal, and what it earned."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies import client_earnings
from agencies.arrivals import arrive
from agencies.models import Agency
from audit.models import AuditEntry
from billing.models import Package, Purchase, Refund
from calls.models import Call
from clients.models import Client
from organizations.models import Organization
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(acme: Agency) -> Client:
    with door.enter(acme):
        return arrive(user=User.objects.create_user("ben@client.test"), name="Ben")


@pytest.fixture
def large(acme: Agency) -> Package:
    with door.enter(acme):
        return Package.objects.create(name="Large", credits=100, price_minor=4000)


def save(person: Any, client: Client, package: Package, text: str, **more: str) -> Any:
    return person.post(f"clients/{client.pk}/prices/", **{f"price_{package.pk.hex}": text}, **more)


def own(agency: Agency, client: Client) -> dict[str, Any]:
    with door.enter(agency):
        return Client.objects.get(pk=client.pk).prices


def test_a_price_is_saved_shown_with_what_it_earns_and_logged(ada, acme: Agency, ben, large) -> None:
    assert save(ada, ben, large, "29,99").status_code == 302
    assert own(acme, ben) == {str(large.pk): {"price_minor": 2999, "currency": "eur"}}
    page = ada.get(f"clients/{ben.pk}/prices/").content.decode()
    assert 'value="29.99"' in page
    assert "Usually € 40.00. Earns € 22.99 of € 29.99, 76.6 %." in page
    entry = AuditEntry.objects.get(what="prices.changed")
    assert entry.after == {f"Large ({large.pk})": {"price_minor": 2999, "currency": "eur"}}
    assert save(ada, ben, large, "").status_code == 302
    assert own(acme, ben) == {}


@pytest.mark.parametrize(("text", "sentence"), [("cheap", "Type a price"), ("0.10", "must be between"), ("-5", "Type")])
def test_an_absurd_price_is_explained_beside_its_field(ada, acme: Agency, ben, large, text, sentence) -> None:
    page = save(ada, ben, large, text)
    assert sentence in str(page.context["form"].errors[f"price_{large.pk.hex}"])
    assert f'value="{text}"' in page.content.decode()
    assert own(acme, ben) == {}


def test_a_loss_is_saved_only_when_it_is_meant(ada, acme: Agency, ben, large) -> None:
    page = save(ada, ben, large, "6.00").content.decode()
    assert "€ 1.00 each time" in page
    assert own(acme, ben) == {}
    assert save(ada, ben, large, "6.00", accepts_loss="on").status_code == 302
    assert own(acme, ben) != {}


def test_a_viewer_reads_prices_and_changes_none(vic, acme: Agency, ben, large) -> None:
    assert "Large" in vic.get(f"clients/{ben.pk}/prices/").content.decode()
    assert save(vic, ben, large, "20").status_code == 403
    assert own(acme, ben) == {}


def test_what_a_client_earned_counts_money_back_and_calls(acme: Agency, ben, large) -> None:
    now = timezone.now()
    with door.enter(acme):
        facts = {"client": ben, "package": large, "package_name": "L", "seconds": 6000, "currency": "eur"}
        bought = Purchase.objects.create(
            **facts, price_minor=2999, paid_minor=3629, tax_minor=630, livemode=True, paid_at=now, state="paid"
        )
        Purchase.objects.create(**facts, price_minor=9900, livemode=False, paid_at=now, state="paid")
        Refund.objects.create(purchase=bought, amount_minor=1000, currency="eur", state="succeeded", created_at=now)
        organization = Organization.objects.get(client=ben)
        for number in range(2):
            Call.objects.create(
                organization=organization,
                hms_id=f"c{number}",
                status="ended",
                direction="inbound",
                placed_at=now - timedelta(seconds=number),
                measured_seconds=90,
                billed_seconds=120,
                cost_micro_per_minute=70_000,
            )
        (month,) = client_earnings.months(acme, ben.pk, livemode=True)
    assert (month.income_minor, month.seconds, month.cost_minor, month.profit_minor) == ({"eur": 1999}, 180, 21, 1978)
    assert month.permille == 989


def test_dollars_without_a_rate_say_no_profit(acme: Agency, ben, large) -> None:
    with door.enter(acme):
        Purchase.objects.create(
            client=ben,
            package=large,
            package_name="L",
            seconds=60,
            currency="usd",
            price_minor=500,
            livemode=True,
            paid_at=timezone.now(),
        )
        (month,) = client_earnings.months(acme, ben.pk, livemode=True)
    assert (month.income_minor, month.profit_minor, month.permille) == ({"usd": 500}, None, None)


def test_nothing_yet_says_so(ada, ben) -> None:
    page = ada.get(f"clients/{ben.pk}/prices/").content.decode()
    assert "Nothing to sell yet" in page
    assert "Nothing yet" in page


def test_package_ids_that_are_none_of_ours_change_nothing(ada, acme: Agency, ben, large) -> None:
    ada.post(f"clients/{ben.pk}/prices/", **{f"price_{uuid.uuid4().hex}": "1.00"})
    assert own(acme, ben) == {}
