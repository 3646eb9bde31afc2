import uuid
from typing import Any

import httpx
import pytest

from agencies.models import Agency
from billing import wallets
from calls import holds, placing, sync
from calls.models import Call, Hold
from clients.models import Client
from follow_ups.models import FollowUp
from organizations import assistants
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import PER_SECOND, Hms

pytestmark = pytest.mark.django_db
ACTOR = {"kind": "client", "id": "7", "email": "ben@client.test"}
WANTED = "+31 6 1234 5678"


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    organization = hms_says.ready(says, credit=600)
    assistants.equip(organization.pk)
    says.of(organization).numbers.append({"id": "n1", "phone_number": "+31200000001"})
    return organization


def start(organization: Organization, says: Hms, **changes: Any) -> Call:
    asked: dict[str, Any] = {
        "client_id": organization.client_id,
        "destination": WANTED,
        "number_id": "n1",
        "actor": ACTOR,
    }
    asked["assistant_id"] = says.of(organization).assistants[0]["id"]
    return placing.start(**(asked | changes))


def held(organization: Organization) -> int:
    return wallets.get(organization.client_id).held


def test_a_call_is_placed_with_its_time_set_aside(ben: Organization, says: Hms) -> None:
    call = start(ben, says)
    assert (call.status, call.direction, call.customer_number) == ("dialing", "outbound", "+31612345678")
    assert call.own_number == "+31200000001"
    hold = Hold.objects.get()
    assert (hold.hms_call_id, hold.seconds, hold.actor, held(ben)) == (call.hms_id, 600, ACTOR, 600)
    sent = says.bodies[says.requests.index("POST /calls/outbound")]
    assert sent["assistant_override"] == {"max_duration_seconds": 600 + holds.GRACE_SECONDS}
    assert (sent["destination"], sent["number_id"]) == ("+31612345678", "n1")


def test_a_placed_call_is_looked_for_at_once(ben: Organization, says: Hms) -> None:
    FollowUp.objects.all().delete()
    start(ben, says)
    assert FollowUp.objects.filter(kind="sync_calls", subject=str(ben.pk)).exists()


def test_the_assistants_own_maximum_counts(ben: Organization, says: Hms) -> None:
    says.of(ben).assistants[0]["max_duration_seconds"] = 90
    start(ben, says)
    assert held(ben) == 90


@pytest.mark.parametrize(
    "text", ["", "hello", "0612345678", "+31", "+0612345678", "+3161234567890123", "+31612345678x", "112"]
)
def test_what_is_no_number_is_refused_before_anything_else(ben: Organization, says: Hms, text: str) -> None:
    before = len(says.requests)
    with pytest.raises(placing.NotANumber, match="country code"):
        start(ben, says, destination=text)
    assert (len(says.requests), Hold.objects.count()) == (before, 0)


@pytest.mark.parametrize("text", ["+31 (6) 12-34.56/78", " +31612345678\n", "+31\u00a06 12345678"])
def test_a_number_may_be_written_as_people_do(text: str) -> None:
    assert placing.check_destination(text) == "+31612345678"


def test_without_credit_nothing_is_dialled(ben: Organization, says: Hms) -> None:
    zoe = hms_says.ready(says, "Zoe")
    assistants.equip(zoe.pk)
    with pytest.raises(placing.NotEnoughTime, match="buy credits"):
        start(zoe, says, number_id=None)
    assert "POST /calls/outbound" not in says.requests


def test_a_suspended_client_places_no_call(ben: Organization, says: Hms) -> None:
    Client.objects.update(state=Client.State.SUSPENDED)
    with pytest.raises(placing.ClientSuspended):
        start(ben, says)


@pytest.mark.parametrize("state", ["wanted", "requested", "unclear"])
def test_an_organization_that_is_not_ready_places_no_call(ben: Organization, says: Hms, state: str) -> None:
    Organization.objects.update(state=state)
    with pytest.raises(placing.OrganizationNotReady):
        start(ben, says)


def test_an_unknown_client_has_nothing_to_call_with(ben: Organization, says: Hms) -> None:
    with pytest.raises(placing.OrganizationNotReady):
        start(ben, says, client_id=uuid.uuid4())


def test_another_organizations_assistant_is_refused(ben: Organization, says: Hms) -> None:
    with pytest.raises(placing.UnknownAssistant):
        start(ben, says, assistant_id="somebody else's")
    with pytest.raises(placing.UnknownNumber):
        start(ben, says, number_id="somebody else's")
    assert Hold.objects.count() == 0


@pytest.mark.parametrize("status", [400, 402, 404, 422, 429])
def test_a_refusal_gives_the_time_back(ben: Organization, says: Hms, status: int) -> None:
    says.refuses("POST /calls/outbound", status)
    with pytest.raises(placing.RefusedByHms):
        start(ben, says)
    assert (held(ben), Call.objects.count()) == (0, 0)


def test_a_request_that_never_left_gives_the_time_back(ben: Organization, says: Hms) -> None:
    says.breaks("POST /calls/outbound", httpx.ConnectError("refused"))
    with pytest.raises(placing.RefusedByHms):
        start(ben, says)
    assert held(ben) == 0


def test_a_lost_answer_keeps_the_time_and_is_never_dialled_again(ben: Organization, says: Hms) -> None:
    says.loses_the_answer("POST /calls/outbound")
    with pytest.raises(placing.AnswerLost, match="look at your calls"):
        start(ben, says)
    assert (held(ben), says.requests.count("POST /calls/outbound")) == (600, 1)


def test_the_list_finds_the_call_whose_answer_was_lost(ben: Organization, says: Hms) -> None:
    says.loses_the_answer("POST /calls/outbound")
    with pytest.raises(placing.AnswerLost):
        start(ben, says)
    sync.sync(ben.pk, terms=PER_SECOND)
    call_id = Call.objects.get().hms_id
    assert Hold.objects.get().hms_call_id == call_id
    says.of(ben).ends(30, id=call_id, direction="outbound")
    sync.sync(ben.pk, terms=PER_SECOND)
    assert (held(ben), wallets.get(ben.client_id).balance) == (0, 570)


def test_a_call_to_another_number_does_not_take_the_hold(ben: Organization, says: Hms) -> None:
    holds.take(organization=ben, now=Hold().created_at, destination="+31699999999")
    says.of(ben).has(status="ringing", direction="outbound")
    sync.sync(ben.pk, terms=PER_SECOND)
    assert Hold.objects.get().hms_call_id == ""


def test_a_hold_that_the_list_gave_to_the_wrong_call_is_put_right(ben: Organization, says: Hms) -> None:
    first = holds.take(organization=ben, now=Hold().created_at, destination="+31612345678", assistant_maximum=60)
    second = holds.take(organization=ben, now=Hold().created_at, destination="+31612345678", assistant_maximum=90)
    call_id = says.of(ben).has(status="ringing", direction="outbound")
    sync.sync(ben.pk, terms=PER_SECOND)
    holds.name(second, hms_call_id=call_id)
    assert list(Hold.objects.order_by("seconds").values_list("pk", "hms_call_id")) == [
        (first.pk, ""),
        (second.pk, call_id),
    ]


def test_a_form_that_is_sent_twice_places_one_call(ben: Organization, says: Hms) -> None:
    token = uuid.uuid4()
    says.of(ben).assistants[0]["max_duration_seconds"] = 60
    start(ben, says, form_token=token)
    with pytest.raises(placing.PlacedAlready):
        start(ben, says, form_token=token)
    assert says.requests.count("POST /calls/outbound") == 1


def test_the_list_may_be_faster_than_the_answer(ben: Organization, says: Hms, monkeypatch) -> None:
    placed = says.placed

    def seen_before_the_answer(org: Any, body: Any) -> httpx.Response:
        answer = placed(org, body)
        org.ends(5, id=answer.json()["call_id"], direction="outbound")
        sync.sync(ben.pk, terms=PER_SECOND)
        return answer

    monkeypatch.setattr(says, "placed", seen_before_the_answer)
    call = start(ben, says)
    assert (call.status, call.billed_seconds, held(ben)) == ("ended", 5, 0)


def test_an_unreachable_hms_is_told_before_anything_is_held(ben: Organization, says: Hms) -> None:
    says.breaks("GET /assistants")
    with pytest.raises(placing.HmsUnreachable):
        start(ben, says)
    assert Hold.objects.count() == 0
