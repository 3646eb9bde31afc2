from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from agencies.models import Agency
from clients.models import Client
from follow_ups.models import FollowUp
from organizations import hms, provisioning
from organizations.models import Organization
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db
State = Organization.State


@pytest.fixture
def wanted(connected_acme: Agency) -> Organization:
    return provisioning.want(Client.objects.create(name="Ben & Söhne", email="ben@client.test"))


def later(organization: Organization, **back: int) -> None:
    """Let time pass since the organization's state changed."""
    Organization.objects.filter(pk=organization.pk).update(state_since=timezone.now() - timedelta(**back))


def test_wanting_twice_is_wanting_once(wanted: Organization) -> None:
    assert provisioning.want(wanted.client).pk == wanted.pk
    assert FollowUp.objects.filter(kind="organization", subject=str(wanted.pk)).count() == 1


def test_the_name_at_hms_is_the_clients_and_unique(wanted: Organization) -> None:
    twin = provisioning.want(Client.objects.create(name="Ben & Söhne", email="other@client.test"))
    assert wanted.hms_name.startswith("Ben & Söhne ")
    assert twin.hms_name != wanted.hms_name


def test_a_wanted_organization_becomes_a_ready_child_of_the_agencys(wanted: Organization, says: Hms) -> None:
    assert provisioning.provision(wanted.pk) is None
    wanted.refresh_from_db()
    child = says.of(wanted)
    assert (wanted.state, child.name, child.parent) == (State.READY, wanted.hms_name, next(iter(says.orgs.values())).id)
    assert FollowUp.objects.filter(kind="sync_calls", subject=str(wanted.pk)).exists()


def test_the_key_is_sealed_for_this_row_and_shown_as_a_mask(wanted: Organization, says: Hms) -> None:
    provisioning.provision(wanted.pk)
    wanted.refresh_from_db()
    key = says.of(wanted).key
    assert key.encode() not in bytes(wanted.api_key_sealed)
    assert wanted.api_key_mask == f"fl_...{key[-4:]}"
    with hms.for_organization(wanted) as client:
        assert client.organizations.get().id == wanted.hms_id


def test_a_ready_organization_is_never_asked_for_again(wanted: Organization, says: Hms) -> None:
    for _ in range(3):
        provisioning.provision(wanted.pk)
    assert says.requests.count("POST /organizations") == 1


@pytest.mark.parametrize("status", [400, 403, 422, 429])
def test_a_refusal_leaves_it_wanted_with_the_reason(wanted: Organization, says: Hms, status: int) -> None:
    says.refuses("POST /organizations", status, "Name is not nice")
    again_at = provisioning.provision(wanted.pk)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.problem) == (State.WANTED, "HMS refused: " + f"{status} Name is not nice")
    assert again_at is not None
    assert provisioning.provision(wanted.pk) is None


def test_each_refusal_doubles_the_pause(wanted: Organization, says: Hms) -> None:
    pauses = []
    for _ in range(3):
        says.refuses("POST /organizations")
        pauses.append((provisioning.provision(wanted.pk) - timezone.now()).total_seconds())
    assert [round(pause / 10) for pause in pauses] == [1, 2, 4]


def test_a_key_that_hms_forgot_is_told_in_words(wanted: Organization, says: Hms) -> None:
    says.orgs.clear()
    provisioning.provision(wanted.pk)
    wanted.refresh_from_db()
    assert wanted.state == State.WANTED
    assert "paste a new one" in wanted.problem


def test_without_a_connection_it_waits(acme: Agency, says: Hms) -> None:
    from tenancy import door

    with door.enter(acme):
        organization = provisioning.want(Client.objects.create(name="Ben", email="ben@client.test"))
        assert provisioning.provision(organization.pk) is not None
        organization.refresh_from_db()
    assert (organization.state, organization.problem) == (State.WANTED, "The agency is not connected to HMS.")
    assert says.requests == []


def test_a_request_that_never_left_may_be_made_again(wanted: Organization, says: Hms) -> None:
    says.breaks("POST /organizations", httpx.ConnectError("refused"))
    provisioning.provision(wanted.pk)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.problem) == (State.WANTED, "HMS could not be reached.")


def test_a_lost_answer_never_makes_a_second_child(wanted: Organization, says: Hms) -> None:
    says.loses_the_answer("POST /organizations")
    for _ in range(5):
        provisioning.provision(wanted.pk)
        later(wanted, hours=1)
    wanted.refresh_from_db()
    assert [child.name for child in says.children()] == [wanted.hms_name]
    assert (wanted.state, wanted.hms_id) == (State.UNCLEAR, says.children()[0].id)
    assert "paste the key" in wanted.problem


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_servers_fault_is_a_lost_answer_too(wanted: Organization, says: Hms, status: int) -> None:
    says.refuses("POST /organizations", status)
    provisioning.provision(wanted.pk)
    wanted.refresh_from_db()
    assert wanted.state == State.UNCLEAR


def test_what_was_not_made_is_asked_for_again_after_a_grace(wanted: Organization, says: Hms) -> None:
    says.breaks("POST /organizations")
    provisioning.provision(wanted.pk)
    assert provisioning.provision(wanted.pk) > timezone.now()
    assert says.requests.count("POST /organizations") == 1
    later(wanted, minutes=6)
    provisioning.provision(wanted.pk)
    assert provisioning.provision(wanted.pk) is None
    assert len(says.children()) == 1


def test_a_fresh_request_is_left_to_its_sender(wanted: Organization, says: Hms) -> None:
    Organization.objects.filter(pk=wanted.pk).update(state=State.REQUESTED, state_since=timezone.now())
    assert provisioning.provision(wanted.pk) > timezone.now()
    assert says.requests == []


def test_a_request_whose_sender_died_is_looked_for_first(wanted: Organization, says: Hms) -> None:
    says.opens(wanted.hms_name, next(iter(says.orgs.values())).id)
    Organization.objects.filter(pk=wanted.pk).update(state=State.REQUESTED)
    later(wanted, minutes=2)
    provisioning.provision(wanted.pk)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.hms_id) == (State.UNCLEAR, says.children()[0].id)
    assert "POST /organizations" not in says.requests


@pytest.fixture
def orphan(wanted: Organization, says: Hms) -> Organization:
    """An organization that HMS made and whose key was lost."""
    says.loses_the_answer("POST /organizations")
    provisioning.provision(wanted.pk)
    provisioning.provision(wanted.pk)
    wanted.refresh_from_db()
    return wanted


def test_the_right_key_makes_it_ready(orphan: Organization, says: Hms) -> None:
    ready = provisioning.paste_key(orphan.pk, f"  {says.of(orphan).key}\n")
    assert ready.state == State.READY
    with hms.for_organization(ready) as client:
        assert client.organizations.get().id == ready.hms_id


def test_the_key_of_another_organization_is_refused_by_its_name(orphan: Organization, says: Hms) -> None:
    other = says.opens("Zoe at globex")
    with pytest.raises(provisioning.WrongKey, match="Zoe at globex"):
        provisioning.paste_key(orphan.pk, other.key)


@pytest.mark.parametrize("key", ["fl_unknown", "", "no key at all"])
def test_a_text_that_is_no_key_is_refused(orphan: Organization, key: str) -> None:
    with pytest.raises(provisioning.WrongKey, match="copy it again"):
        provisioning.paste_key(orphan.pk, key)


def test_a_ready_organization_takes_no_key(orphan: Organization, says: Hms) -> None:
    key = says.of(orphan).key
    provisioning.paste_key(orphan.pk, key)
    with pytest.raises(provisioning.WrongKey, match="does not wait"):
        provisioning.paste_key(orphan.pk, key)


def test_a_key_that_arrives_late_is_kept_all_the_same(wanted: Organization, says: Hms) -> None:
    # The sender was slow, a later run doubted it; then HMS's answer came.
    slow = Organization.objects.get(pk=wanted.pk)
    Organization.objects.filter(pk=wanted.pk).update(state=State.UNCLEAR)
    provisioning._keep(slow, hms_id="late", key="fl_late0000")
    wanted.refresh_from_db()
    assert (wanted.state, wanted.hms_id) == (State.READY, "late")
