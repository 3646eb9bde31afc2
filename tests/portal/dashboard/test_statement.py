"""A client's statement as the agency's team reads it."""

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from billing import ledger
from billing.models import LedgerEntry
from tenancy import door
from tests.support.cast import Cast
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(cast: Cast) -> str:
    return f"/agencies/acme/clients/{cast.ids_of_acme['client_id']}/statement/"


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_the_team_reads_the_clients_lines_and_who_gave_credits(cast: Cast, address: str) -> None:
    page = text_of(cast.on_platform("ada").get(address))
    assert "Added by Acme Voice" in page
    assert "“Ben's Bakery” · ada@acme.test · test" in page
    assert "Balance after: 10.00" in page


def test_a_client_does_not_read_who_of_the_team_it_was(cast: Cast) -> None:
    ben = cast.on_portal_of_acme("ben")
    for path in ("/statement/", "/statement/paper/", "/statement/csv/"):
        assert b"ada@acme.test" not in ben.get(path).getvalue()


def test_the_file_says_who_did_it(cast: Cast, address: str) -> None:
    [row] = rows(cast.on_platform("ada").get(f"{address}csv/"))
    assert (row["by"], row["seconds"], row["mode"]) == ("ada@acme.test", "600", "test")


def test_an_address_of_the_team_is_no_formula(cast: Cast, address: str) -> None:
    with door.enter(cast.acme):
        ledger.post(
            client_id=UUID(str(cast.ids_of_acme["client_id"])),
            amount=60,
            kind=LedgerEntry.Kind.WELCOME,
            source="agency",
            source_id="evil",
            fact={},
            livemode=True,
            actor={"email": "=1+1@evil.test"},
        )
    assert rows(cast.on_platform("ada").get(f"{address}csv/"))[-1]["by"] == "'=1+1@evil.test"


def test_the_file_is_read_inside_the_schema_also_when_the_answer_has_left_it(cast: Cast, address: str) -> None:
    """The body is made after the view and its middleware are done."""
    answer: Any = cast.on_platform("ada").get(f"{address}csv/")
    assert answer.streaming
    assert len(rows(answer)) == 1


def test_the_sheet_carries_the_agencys_name(cast: Cast, address: str) -> None:
    page = text_of(cast.on_platform("ada").get(f"{address}paper/"))
    assert "Acme Voice Statement From the beginning until today Ben's Bakery" in page


def test_lines_lead_nowhere_that_a_dashboard_has_no_page_for(cast: Cast, address: str) -> None:
    assert b'href="/calls/' not in cast.on_platform("ada").get(address).content


@pytest.mark.parametrize("kind", ["", "paper/", "csv/"])
def test_a_client_of_another_agency_is_not_found(cast: Cast, address: str, kind: str) -> None:
    elsewhere = address.replace("/acme/", "/globex/")
    assert cast.on_platform("gus").get(elsewhere + kind).status_code == 404


def test_the_client_page_leads_to_it(cast: Cast, address: str) -> None:
    content = cast.on_platform("ada").get(address.removesuffix("statement/")).content.decode()
    assert f'href="{address}"' in content
