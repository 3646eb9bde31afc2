import pytest
from django.core.management import CommandError, call_command

from agencies.models import Agency

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("arguments", [["activate"], ["activate", "--off"], ["replay_event", "evt_1"]])
def test_a_closed_agency_is_named_in_a_sentence(acme: Agency, arguments: list[str]) -> None:
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSED)
    with pytest.raises(CommandError, match=r"The agency acme is closed\."):
        call_command(*arguments, agency="acme")


def test_an_incomplete_portal_stays_off_and_says_why(acme: Agency) -> None:
    with pytest.raises(CommandError, match=r"stays off\. Missing: hms_key"):
        call_command("activate", agency="acme")
