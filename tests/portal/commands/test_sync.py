import pytest
from django.core.management import CommandError, call_command

from agencies.models import Agency
from billing import wallets
from organizations.models import Organization
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(acme: Agency, says: Hms) -> Organization:
    hms_says.connect(says, acme)
    with door.enter(acme):
        organization = hms_says.ready(says, credit=600)
    says.of(organization).ends(60)
    return organization


@pytest.mark.parametrize("chosen", [["--agency", "acme"], ["--all"]])
def test_calls_are_read_and_booked(ben: Organization, acme: Agency, chosen: list[str]) -> None:
    assert call_command("sync", *chosen) == "Read the calls of 1 organizations: 1 entries booked."
    with door.enter(acme):
        assert wallets.get(ben.client_id).balance == 540


def test_another_agency_is_left_alone(ben: Organization, globex: Agency) -> None:
    assert call_command("sync", "--agency", "globex") == "Read the calls of 0 organizations: 0 entries booked."


def test_what_failed_is_named_and_is_an_error(ben: Organization, says: Hms) -> None:
    says.refuses("GET /calls", 401)
    with pytest.raises(CommandError, match=r"of acme \(Unauthorized\)\. Run the command again."):
        call_command("sync", "--all")


@pytest.mark.parametrize("chosen", [[], ["--agency", "nobody"], ["--agency", "acme", "--all"]])
def test_whose_calls_must_be_said_exactly(acme: Agency, chosen: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("sync", *chosen)
