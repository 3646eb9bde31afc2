"""Campaigns pause when credits run out, and those that we paused, and no others, go on when there are some again."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from agencies.models import Agency
from billing import wallets
from calls import campaign_pauses, campaign_starts, holds, sync
from clients.models import Client
from follow_ups.models import FollowUp
from hms_client import HMSError
from organizations import hms
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says, credit=0)


@pytest.fixture
def campaign(ben: Organization, says: Hms) -> str:
    """One that was started here and runs."""
    campaign_id = says.of(ben).runs()
    campaign_pauses.started(ben.pk, campaign_id)
    return campaign_id


def later(organization: Organization) -> None:
    """A minute passes, for whoever remembers when it was last looked."""
    row = Organization.objects.get(pk=organization.pk)
    row.campaigns["looked_at"] = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    row.save()


def test_with_nothing_available_it_is_paused_and_said_so(ben: Organization, says: Hms, campaign: str) -> None:
    again_at = campaign_pauses.look(ben.pk)
    assert says.of(ben).campaign(campaign) == "paused"
    ben.refresh_from_db()
    assert campaign_pauses.why_paused(ben, campaign) == "credits"
    assert again_at is not None


def test_with_credits_it_runs(ben: Organization, says: Hms, campaign: str) -> None:
    hms_says.top_up(ben.client, 600)
    assert campaign_pauses.look(ben.pk) is None
    assert says.of(ben).campaign(campaign) == "scheduled"


def test_it_goes_on_after_a_purchase_and_one_that_a_person_paused_does_not(
    ben: Organization, says: Hms, campaign: str
) -> None:
    by_hand = says.of(ben).runs("By hand", status="paused")
    campaign_pauses.look(ben.pk)
    hms_says.top_up(ben.client, 600)
    assert campaign_pauses.look(ben.pk) is None
    assert (says.of(ben).campaign(campaign), says.of(ben).campaign(by_hand)) == ("scheduled", "paused")


def test_one_that_a_person_took_over_meanwhile_is_theirs(ben: Organization, says: Hms, campaign: str) -> None:
    campaign_pauses.look(ben.pk)
    campaign_pauses.stopped(ben.pk, campaign)
    hms_says.top_up(ben.client, 600)
    campaign_pauses.look(ben.pk)
    assert says.of(ben).campaign(campaign) == "paused"


def test_one_that_was_cancelled_at_hms_meanwhile_stays_so(ben: Organization, says: Hms, campaign: str) -> None:
    campaign_pauses.look(ben.pk)
    says.of(ben).campaigns[0]["status"] = "cancelled"
    hms_says.top_up(ben.client, 600)
    assert campaign_pauses.look(ben.pk) is None
    assert says.of(ben).campaign(campaign) == "cancelled"


def test_one_that_hms_has_no_more_is_forgotten(ben: Organization, says: Hms, campaign: str) -> None:
    campaign_pauses.look(ben.pk)
    says.of(ben).campaigns.clear()
    hms_says.top_up(ben.client, 600)
    assert campaign_pauses.look(ben.pk) is None


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_pause_whose_answer_was_lost_is_paused_and_resumed_once(
    ben: Organization, says: Hms, campaign: str, is_lost: bool
) -> None:
    where = f"PATCH /campaigns/{campaign}"
    says.loses_the_answer(where) if is_lost else says.breaks(where, httpx.ConnectError("no"))
    with pytest.raises(HMSError):
        campaign_pauses.look(ben.pk)
    campaign_pauses.look(ben.pk)
    assert says.of(ben).campaign(campaign) == "paused"
    hms_says.top_up(ben.client, 600)
    campaign_pauses.look(ben.pk)
    assert says.of(ben).campaign(campaign) == "scheduled"


def test_while_nothing_changes_hms_is_not_asked_again(ben: Organization, says: Hms, campaign: str) -> None:
    campaign_pauses.look(ben.pk)
    asked = len(says.requests)
    for _minute in range(5):
        later(ben)
        assert campaign_pauses.look(ben.pk) is not None
    assert len(says.requests) == asked


def test_a_campaign_that_was_started_elsewhere_is_found_by_its_calls(ben: Organization, says: Hms) -> None:
    campaign_id = says.of(ben).runs()
    assert campaign_pauses.look(ben.pk) is None
    assert says.of(ben).campaign(campaign_id) == "scheduled"
    says.of(ben).ends(60, direction="outbound")
    sync.sync(ben.pk, terms=hms_says.PER_SECOND)
    campaign_pauses.schedule_if_needed(ben.pk)
    assert FollowUp.objects.filter(kind=campaign_pauses.KIND).exists()
    campaign_pauses.look(ben.pk)
    assert says.of(ben).campaign(campaign_id) == "paused"


def test_a_suspended_clients_campaigns_pause_and_go_on(ben: Organization, says: Hms, campaign: str) -> None:
    hms_says.top_up(ben.client, 600)
    Client.objects.update(state=Client.State.SUSPENDED)
    campaign_pauses.look(ben.pk)
    ben.refresh_from_db()
    assert campaign_pauses.why_paused(ben, campaign) == campaign_pauses.SUSPENDED
    Client.objects.update(state=Client.State.ACTIVE)
    campaign_pauses.look(ben.pk)
    assert says.of(ben).campaign(campaign) == "scheduled"


def test_a_movement_wakes_what_is_paused_and_nothing_else(ben: Organization, says: Hms, campaign: str) -> None:
    mine = FollowUp.objects.filter(kind=campaign_pauses.KIND)
    campaign_pauses.wake(ben.client_id)
    assert not mine.exists()
    campaign_pauses.look(ben.pk)
    campaign_pauses.wake(ben.client_id)
    assert mine.exists()


def test_one_started_by_a_person_is_watched(ben: Organization, says: Hms) -> None:
    hms_says.top_up(ben.client, 600)
    campaign_id = says.of(ben).runs(status="draft")
    with hms.for_organization(ben) as client:
        campaign_starts.start(ben, client, campaign_id)
    holds.take(organization=ben, now=datetime.now(UTC))
    assert wallets.get(ben.client_id).available == 0
    campaign_pauses.look(ben.pk)
    assert says.of(ben).campaign(campaign_id) == "paused"
