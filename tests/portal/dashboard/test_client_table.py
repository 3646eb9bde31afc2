"""The table of clients on the dashboard and as a file, with who has not finished signing up."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Agency
from billing.models import Package, Purchase
from clients.models import Client
from people.models import User
from tenancy import door
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db


def client(name: str, **fields: Any) -> Client:
    return Client.objects.create(**{"name": name, "email": f"{name.lower()}@client.test", **fields})


def bought(of: Client) -> None:
    package, _made = Package.objects.get_or_create(name="Starter", credits=100, price_minor=4000)
    Purchase.objects.create(
        client=of, package=package, package_name="Starter", seconds=6000, price_minor=4000, currency="eur",
        livemode=True, state=Purchase.State.PAID, paid_at=timezone.now(),
    )  # fmt: skip


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_a_row_tells_what_was_paid_and_who_is_suspended(ada: Any, acme: Agency) -> None:
    with door.enter(acme):
        bought(client("Ben", state=Client.State.SUSPENDED))
    page = text_of(ada.get("clients/"))
    assert "Ben Suspended" in page
    assert "€ 40.00" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, ["Zoe", "Ben"]),
        ({"search": "ZOE"}, ["Zoe"]),
        ({"show": "suspended"}, ["Ben"]),
        ({"show": "suspended", "search": "zoe"}, []),
        ({"order": "email"}, ["Ben", "Zoe"]),
        ({"show": "nonsense", "order": "nonsense"}, ["Zoe", "Ben"]),
    ],
)
def test_the_address_chooses_for_the_page_and_the_file(
    ada: Any, acme: Agency, query: dict[str, str], shown: list[str]
) -> None:
    with door.enter(acme):
        client("Ben", state=Client.State.SUSPENDED)
        client("Zoe")
    assert [row["client"].name for row in ada.get("clients/", **query).context["rows"]] == shown
    assert [row["name"] for row in rows(ada.get("clients/csv/", **query))] == shown


def test_the_next_page_stays_within_choice_and_order(ada: Any, acme: Agency) -> None:
    with door.enter(acme):
        for number in range(27):
            client(f"C{number:02}")
        client("A", state=Client.State.SUSPENDED)
    first = ada.get("clients/", show="active", order="email")
    second = ada.browser.get(ada.base + "clients/" + first.context["older"])
    seen = [row["client"].name for answer in (first, second) for row in answer.context["rows"]]
    assert seen == [f"C{number:02}" for number in range(27)]


def test_the_file_runs_nothing_and_holds_figures(ada: Any, acme: Agency) -> None:
    with door.enter(acme):
        bought(client("=cmd()"))
    answer = ada.get("clients/csv/")
    row = rows(answer)[0]
    assert (row["name"], row["email"]) == ("'=cmd()", "'=cmd()@client.test")
    assert (row["paid_eur"], row["paid_usd"], row["balance"]) == ("40.00", "0.00", "0.00")
    assert answer["Content-Disposition"] == 'attachment; filename="clients.csv"'
    assert answer["Cache-Control"] == "no-store"


def test_the_file_of_one_agency_holds_nobody_of_another(ada: Any, gus: Any, acme: Agency) -> None:
    with door.enter(acme):
        client("Ben")
    assert rows(gus.get("clients/csv/")) == []
    assert gus.browser.get("/agencies/acme/clients/csv/").status_code == 404


def test_many_clients_cost_as_many_queries_as_one(ada: Any, acme: Agency) -> None:
    counts = []
    for number in (1, 9):
        with door.enter(acme):
            for each in range(number):
                bought(client(f"C{number}{each}"))
        with CaptureQueriesContext(connection) as queries:
            ada.get("clients/")
            ada.get("clients/csv/").getvalue()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_who_has_not_entered_the_code_is_told_to_their_agency_alone(ada: Any, gus: Any, acme: Agency) -> None:
    with door.enter(acme):
        User.objects.create_user("new@client.test", name="<b>New")
    page = ada.get("clients/")
    assert "Nobody has signed up yet" in text_of(page)
    assert "Has not entered the code" in text_of(page)
    assert "new@client.test" in text_of(page)
    assert "Not finished" not in text_of(ada.get("clients/", show="active"))
    assert "Not finished" not in text_of(gus.get("clients/"))
