"""HMS's totals beside our calls on the dashboard, and calls that are no client's."""

from datetime import UTC, datetime, timedelta

import pytest

from agencies import control, quarantine
from agencies.models import Agency
from organizations.models import Organization
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms, iso
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db
says = hms_says.says


@pytest.fixture
def ben(acme: Agency, says: Hms) -> Organization:
    hms_says.connect(says, acme)
    with door.enter(acme):
        organization = hms_says.ready(says)
        organization.wanted_at = datetime.now(UTC) - timedelta(days=9)
        organization.save()
    return organization


def test_without_clients_the_page_says_what_will_be_here(ada) -> None:
    assert "Nothing to compare yet" in text_of(ada.get("hms/totals/"))


def test_a_client_that_differs_stands_on_top_with_both_sums(ada, acme: Agency, ben: Organization, says: Hms) -> None:
    assert "Ben Will be compared next night." in text_of(ada.get("hms/totals/"))
    ghost = {"id": "ghost", "duration_sec": 45, "created_at": iso(datetime.now(UTC) - timedelta(days=5))}
    says.of(ben).counted.append(ghost)
    with door.enter(acme):
        for organization in (ben, hms_says.ready(says, "Zoe")):
            for _night in range(2):
                control.look(organization.pk)
    page = text_of(ada.get("hms/totals/"))
    assert "Clients compared 2 Clients that differ 1" in page
    assert page.index("These differ") < page.index("Ben") < page.index("Every client") < page.index("Zoe")
    assert "45 s" in page[page.index("These differ") : page.index("Every client")]
    assert "Both sides agree until" in page
    attention = text_of(ada.get("attention/"))
    assert "HMS counts more time of Ben than its calls add up to." in attention
    assert "HMS counts more by 45 s" in attention


def test_calls_of_nobody_are_shown_without_a_number(ada, acme: Agency, ben: Organization, says: Hms) -> None:
    parent = next(iter(says.orgs.values()))
    parent.ends(90, ended_at=datetime.now(UTC) - timedelta(hours=20))
    with door.enter(acme):
        quarantine.look(datetime.now(UTC))
    page = text_of(ada.get("hms/totals/"))
    assert "Calls of no client" in page
    assert "1 call, 1 min 30 s. It used your minutes and was charged to nobody." in page
    assert "5678" not in page
    attention = ada.get("attention/").content.decode()
    assert "Calls of your own HMS organization use your minutes." in attention
    assert 'href="/agencies/acme/hms/totals/"' in attention


def test_many_clients_go_on_page_by_page(ada, acme: Agency, ben: Organization, says: Hms) -> None:
    with door.enter(acme):
        for number in range(26):
            hms_says.ready(says, f"Client {number}")
    first = ada.get("hms/totals/")
    second = ada.browser.get(first.context["older"])
    names = [row["client"].name for page in (first, second) for row in page.context["rows"]]
    assert len(names) == len(set(names)) == 27
    assert "Ben" in text_of(second)


def test_another_agency_sees_none_of_it(gus, acme: Agency, ben: Organization) -> None:
    assert "Ben" not in text_of(gus.get("hms/totals/"))
