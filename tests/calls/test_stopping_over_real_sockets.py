"""What may not go on, against the sandbox: calls end with a sentence, assistants stop, campaigns pause and go on."""

import pytest

from billing import wallets
from calls import campaign_pauses, campaign_starts, cutting, sync
from calls.models import Call
from organizations import assistants, hms, suspension
from organizations.models import Organization
from tests.calls import test_over_real_sockets as sockets
from tests.calls.test_over_real_sockets import place
from tests.sandbox.conftest import Process, eventually
from tests.support.booking import ADA, book
from tests.support.hms_says import PER_SECOND, top_up

pytestmark = pytest.mark.django_db
sandbox, connected, ben = sockets.sandbox, sockets.connected, sockets.ben


def running(organization: Organization, sandbox: Process) -> Call:
    """A call that somebody has answered and nobody ends."""
    sandbox.post("/hms/settings", talk_seconds_min=600, talk_seconds_max=600)
    call = place(organization, sandbox)
    sandbox.post("/hms/settings", talk_seconds_min=2, talk_seconds_max=2)

    def is_answered() -> bool:
        sync.sync(organization.pk, terms=PER_SECOND)
        return Call.objects.get(pk=call.pk).started_at is not None

    eventually(is_answered)
    return Call.objects.get(pk=call.pk)


def test_a_balance_that_falls_ends_the_call_with_a_sentence(ben: Organization, sandbox: Process) -> None:
    call = running(ben, sandbox)
    assert cutting.look(ben.pk) == 0
    book(ben.client_id, "dispute", -600)
    assert cutting.look(ben.pk) == 1
    sync.sync(ben.pk, terms=PER_SECOND)
    call.refresh_from_db()
    assert (call.status, call.cut_off_why, call.booked_at is not None) == ("ended", "credits", True)
    assert wallets.get(ben.client_id).held == 0
    with hms.for_organization(ben) as client:
        said = client.calls.get(call.hms_id).messages or ()
    assert said[-1].content.startswith("I am sorry, our time for this call is over")


def test_a_suspended_clients_assistants_stop_and_go_on(ben: Organization, sandbox: Process) -> None:
    call = running(ben, sandbox)
    suspension.suspend(client_id=ben.client_id, actor=ADA)
    cutting.look(ben.pk)
    suspension.settle(ben.pk)
    sync.sync(ben.pk, terms=PER_SECOND)
    assert Call.objects.get(pk=call.pk).status == "ended"
    assert [each.is_active for each in assistants.in_use(ben)] == [False]
    suspension.reactivate(client_id=ben.client_id, actor=ADA)
    suspension.settle(ben.pk)
    assert [each.is_active for each in assistants.in_use(ben)] == [True]
    assert Organization.objects.get(pk=ben.pk).state == Organization.State.READY


def test_a_campaign_pauses_when_credits_run_out_and_goes_on_after_a_purchase(
    ben: Organization, sandbox: Process
) -> None:
    with hms.for_organization(ben) as client:
        campaign = client.campaigns.create(
            name="Winback",
            assistant_id=assistants.in_use(ben)[0].id,
            schedule_start_time="09:00:00",
            schedule_end_time="17:00:00",
            timezone="Europe/Amsterdam",
            leads=[{"phone_number": "+31201234567", "variables": {}}],
        )
        campaign_starts.start(ben, client, campaign.id)

        def status() -> str | None:
            return client.campaigns.get(campaign.id).status

        book(ben.client_id, "used", -600)
        sync.sync(ben.pk, terms=PER_SECOND)
        campaign_pauses.look(ben.pk)
        assert status() == "paused"
        top_up(ben.client, 600)
        again_at = campaign_pauses.look(ben.pk)
        assert (status(), again_at) == ("scheduled", None)


def test_a_call_that_came_in_while_it_was_suspended_is_not_taken(ben: Organization, sandbox: Process) -> None:
    suspension.suspend(client_id=ben.client_id, actor=ADA)
    suspension.settle(ben.pk)
    number = sockets.number_of(ben, sandbox)
    with hms.for_organization(ben) as client:
        client.numbers.update(number.id, agent_id=assistants.in_use(ben)[0].id)
    told = sandbox.post("/hms/calls/inbound", number=number.phone_number)
    assert told["status"] == "rejected"
