"""A suspended client's assistants stop at HMS, and exactly those that were on go on with it again."""

from typing import Any

import httpx
import pytest

from agencies import due_work
from agencies.models import Agency
from clients.models import Client
from follow_ups.models import FollowUp
from hms_client import HMSError
from organizations import suspension
from organizations.models import Organization
from tests.support import hms_says
from tests.support.booking import ADA
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db
State = Organization.State


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    """A client with two assistants that are on, and one that is off."""
    organization = hms_says.ready(says)
    for name, is_active in (("a", True), ("b", True), ("c", False)):
        says.of(organization).assistants.append({"id": name, "name": name, "is_active": is_active})
    return organization


def active(organization: Organization, says: Hms) -> str:
    return "".join(row["id"] for row in says.of(organization).assistants if row["is_active"])


def suspend(organization: Organization) -> None:
    suspension.suspend(client_id=organization.client_id, actor=ADA)


def reactivate(organization: Organization) -> None:
    suspension.reactivate(client_id=organization.client_id, actor=ADA)


def now(organization: Organization) -> Organization:
    return Organization.objects.select_related("client").get(pk=organization.pk)


def test_a_suspension_is_written_down_and_asks_for_the_work(ben: Organization) -> None:
    suspend(ben)
    client = Client.objects.get()
    assert (client.state, client.state_by) == (Client.State.SUSPENDED, ADA)
    assert FollowUp.objects.filter(kind=suspension.KIND, subject=str(ben.pk)).exists()


def test_assistants_that_are_on_are_switched_off_and_on_again(ben: Organization, says: Hms) -> None:
    suspend(ben)
    suspension.settle(ben.pk)
    assert active(ben, says) == ""
    assert now(ben).state == State.SUSPENDED
    assert now(ben).switched_off == {"ids": ["a", "b"], "is_done": True}
    reactivate(ben)
    suspension.settle(ben.pk)
    assert active(ben, says) == "ab"
    assert (now(ben).state, now(ben).switched_off) == (State.READY, {})


@pytest.mark.parametrize("is_lost", [True, False])
@pytest.mark.parametrize("where", ["PATCH /assistants/a", "PATCH /assistants/b"])
def test_broken_off_anywhere_it_goes_on_and_forgets_none(
    ben: Organization, says: Hms, where: str, is_lost: bool
) -> None:
    def break_off() -> None:
        says.loses_the_answer(where) if is_lost else says.breaks(where, httpx.ConnectError("no"))
        with pytest.raises(HMSError):
            suspension.settle(ben.pk)

    suspend(ben)
    break_off()
    assert now(ben).switched_off["is_done"] is False
    suspension.settle(ben.pk)
    assert active(ben, says) == ""
    reactivate(ben)
    break_off()
    suspension.settle(ben.pk)
    assert (active(ben, says), now(ben).state) == ("ab", State.READY)


def test_reactivated_before_anything_was_done_nothing_happens(ben: Organization, says: Hms) -> None:
    suspend(ben)
    reactivate(ben)
    suspension.settle(ben.pk)
    assert (active(ben, says), now(ben).state) == ("ab", State.READY)


def test_suspended_again_half_way_all_are_remembered(ben: Organization, says: Hms) -> None:
    suspend(ben)
    suspension.settle(ben.pk)
    reactivate(ben)
    says.breaks("PATCH /assistants/b", httpx.ConnectError("no"))
    with pytest.raises(HMSError):
        suspension.settle(ben.pk)
    suspend(ben)
    suspension.settle(ben.pk)
    assert active(ben, says) == ""
    reactivate(ben)
    suspension.settle(ben.pk)
    assert active(ben, says) == "ab"


def test_reactivated_while_it_is_at_work_it_stops(
    ben: Organization, says: Hms, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend(ben)
    listed = Hms.answer

    def reactivated(self: Hms, org: Any, request: httpx.Request, path: str, body: Any) -> httpx.Response:
        if path == "/assistants":
            reactivate(ben)
        return listed(self, org, request, path, body)

    monkeypatch.setattr(Hms, "answer", reactivated)
    suspension.settle(ben.pk)
    assert (active(ben, says), now(ben).state) == ("ab", State.READY)


def test_an_assistant_that_is_gone_keeps_nothing(ben: Organization, says: Hms) -> None:
    suspend(ben)
    suspension.settle(ben.pk)
    says.of(ben).assistants[:] = [row for row in says.of(ben).assistants if row["id"] != "a"]
    reactivate(ben)
    suspension.settle(ben.pk)
    assert (active(ben, says), now(ben).state) == ("b", State.READY)


def test_the_work_is_found_again_from_the_rows(ben: Organization, says: Hms, acme: Agency) -> None:
    def is_found() -> bool:
        FollowUp.objects.all().delete()
        due_work.rebuild(acme)
        return FollowUp.objects.filter(kind=suspension.KIND).exists()

    assert not is_found()
    suspend(ben)
    assert is_found()
    suspension.settle(ben.pk)
    assert not is_found()
    reactivate(ben)
    assert is_found()


def test_an_organization_that_becomes_ready_later_is_stopped_then(ben: Organization, says: Hms) -> None:
    suspension.schedule_if_suspended(ben.pk)
    assert not FollowUp.objects.filter(kind=suspension.KIND).exists()
    Client.objects.update(state=Client.State.SUSPENDED)
    suspension.schedule_if_suspended(ben.pk)
    assert FollowUp.objects.filter(kind=suspension.KIND).exists()
