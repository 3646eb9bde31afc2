"""Why?: each cause is brought about, read on the page in words, and what stands beside it does something about it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import discrepancies, quarantine
from agencies.arrivals import arrive
from agencies.models import Agency, Discrepancy, Membership
from audit.models import AuditEntry
from billing import purchases
from billing.models import Package, Purchase
from calls.models import Call
from clients.models import Client
from domains import verification
from domains.models import Domain
from follow_ups.models import FollowUp
from inbox.models import EventState, StripeEvent
from organizations.models import Organization
from people.models import User
from portal.jobs import registry
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard
from tests.support import hms_says
from tests.support.hms_says import Hms, Org
from vault.models import HMSConnection, StripeConnection

pytestmark = pytest.mark.django_db
says = hms_says.says
FINE = {
    "activation": "Your portal is on",
    "payments": "everything that it told us is booked",
    "deducting": "calls are read and charged",
    "users": "has finished, and is in the table",
}


def section(page: Any, key: str) -> str:
    """What the page says about one question, without its tags' line breaks."""
    found = re.search(rf'id="why-{key}".*?(?=id="why-|Still not clear)', page.content.decode(), re.DOTALL)
    assert found
    return " ".join(found[0].split())


def asked(agency: Agency, kind: str, subject: object = "") -> bool:
    return FollowUp.objects.filter(agency=agency, kind=kind, subject=str(subject)).exists()


def switch_on(agency: Agency) -> None:
    Agency.objects.filter(pk=agency.pk).update(portal_is_on=True, portal_on_since=timezone.now())


def connect_stripe(agency: Agency, **changes: Any) -> StripeConnection:
    now = timezone.now()
    proved: dict[str, Any] = {"proved_at": now, "last_event_at": now, "endpoint_state": "enabled"}
    sealed = {"secret_key_sealed": b"sealed", "webhook_secret_sealed": b"sealed"}
    return StripeConnection.objects.create(agency=agency, **sealed, **(proved | changes))


@pytest.fixture
def parent(acme: Agency, says: Hms) -> Org:
    connected = hms_says.connect(says, acme)
    HMSConnection.objects.update(seconds_left=6000)
    return connected


@pytest.fixture
def ready(acme: Agency, says: Hms, parent: Org) -> Organization:
    """A client's organization that was read a moment ago."""
    with door.enter(acme):
        made = hms_says.ready(says)
        Organization.objects.update(calls_synced_until=timezone.now())
    FollowUp.objects.all().delete()
    return made


def bought(agency: Agency, client: Client, **changes: Any) -> Purchase:
    with door.enter(agency):
        package = Package.objects.create(name="100 credits", credits=100, price_minor=4000)
        bought: dict[str, Any] = {"seconds": 6000, "price_minor": 4000, "currency": "eur", "livemode": True}
        named = {"package_name": package.name, "stripe_price_id": "price_1", "stripe_session_id": "cs_1"}
        made = Purchase.objects.create(client=client, package=package, **bought, **named)
        Purchase.objects.filter(pk=made.pk).update(**changes)
        return made


def test_every_missing_field_leads_to_its_place(ada: Dashboard) -> None:
    said = section(ada.get("why/"), "activation")
    assert "Stripe secret key" in said
    assert 'href="/agencies/acme/payments/#id_secret_key"' in said
    assert 'href="/agencies/acme/hms/"' in said
    assert "Not yet" in said or "not yet" in said


def test_a_portal_that_lacks_nothing_is_switched_on_with_one_press(
    ada: Dashboard, acme: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agencies.activation._RULES", ())
    assert "Your portal is switched off" in section(ada.get("why/"), "activation")
    ada.post("set-up/switch/", subject="")
    assert Agency.objects.get(pk=acme.pk).portal_is_on
    assert FINE["activation"] in section(ada.get("why/"), "activation")


def test_without_a_domain_the_answer_is_to_add_one(ada: Dashboard) -> None:
    said = section(ada.get("why/"), "domain")
    assert "No domain has been added" in said
    assert 'href="/agencies/acme/address/#own-domain"' in said


def test_a_domain_that_is_not_proved_says_what_the_doctor_found_and_is_looked_at_with_a_press(
    ada: Dashboard, acme: Agency
) -> None:
    domain = verification.claim(agency_id=acme.pk, typed="portal.acme.test")
    said = section(ada.get("why/"), "domain")
    assert "We have not looked at its record yet" in said
    facts = {"name": domain.domain, "target": "t", "challenge_name": "c", "challenge": "x", "zone": ""}
    Domain.objects.filter(pk=domain.pk).update(finding={"code": "no_such_name", "facts": facts})
    said = section(ada.get("why/"), "domain")
    assert "We have not looked" not in said
    assert f'action="/agencies/acme/address/domains/{domain.pk}/refresh/"' in said
    assert "Refresh status" in said


def test_stripe_that_is_not_connected_is_the_reason_before_any_other(ada: Dashboard) -> None:
    said = section(ada.get("why/"), "payments")
    assert "The connection with Stripe is not set up" in said
    assert 'href="/agencies/acme/payments/#webhook"' in said


@pytest.mark.parametrize(
    ("changes", "words", "button"),
    [
        ({"missing_events": ["checkout.session.completed"]}, "does not send checkout.session.completed", "Set it up"),
        ({"endpoint_state": "disabled"}, "Stripe does not send to us", "Set it up"),
        ({"proved_at": None, "last_event_at": None}, "The connection is not proved", "Test the connection"),
    ],
)
def test_a_connection_that_brings_nothing_is_named(
    ada: Dashboard, acme: Agency, changes: dict[str, Any], words: str, button: str
) -> None:
    connect_stripe(acme, **changes)
    said = section(ada.get("why/"), "payments")
    assert words in said
    assert button in said
    StripeConnection.objects.all().delete()
    connect_stripe(acme)
    assert FINE["payments"] in section(ada.get("why/"), "payments")


def test_a_message_that_could_not_be_applied_is_tried_again_with_a_press(ada: Dashboard, acme: Agency) -> None:
    connect_stripe(acme)
    now = timezone.now()
    event = StripeEvent.objects.create(
        agency=acme,
        event_id="evt_1",
        type="checkout.session.completed",
        livemode=True,
        event_at=now,
        payload=b"{}",
        state=EventState.FAILED,
        note="The wallet was locked.",
    )
    said = section(ada.get("why/"), "payments")
    assert "could not be applied" in said
    assert "The wallet was locked." in said
    assert ada.post("why/try_event/", subject="evt_1").status_code == 302
    assert asked(acme, "stripe_event", event.pk)


def test_a_purchase_that_stays_open_is_asked_about_with_a_press(
    ada: Dashboard, acme: Agency, ready: Organization
) -> None:
    connect_stripe(acme)
    purchase = bought(acme, ready.client, created_at=timezone.now() - timedelta(minutes=9))
    assert FINE["payments"] in section(ada.get("why/"), "payments")
    with door.enter(acme):
        Purchase.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    assert "Ben has not paid for 100 credits yet" in section(ada.get("why/"), "payments")
    ada.post("why/ask_stripe/", subject=str(purchase.pk))
    assert asked(acme, purchases.CHECK_KIND, purchase.pk)


def test_a_payment_without_a_purchase_leads_to_needs_attention(ada: Dashboard, acme: Agency) -> None:
    connect_stripe(acme)
    with door.enter(acme):
        discrepancies.note(kind=Discrepancy.Kind.STRAY_PAYMENT, subject="cs_9", words="Paid.", facts={})
    said = section(ada.get("why/"), "payments")
    assert "1 payment has no purchase" in said
    assert 'href="/agencies/acme/attention/"' in said


def test_without_a_key_of_hms_nothing_can_be_deducted(ada: Dashboard) -> None:
    said = section(ada.get("why/"), "deducting")
    assert "Your portal is not connected to HMS" in said
    assert 'href="/agencies/acme/hms/"' in said


def test_used_up_minutes_are_the_reason_until_hms_says_otherwise(ada: Dashboard, parent: Org) -> None:
    HMSConnection.objects.update(seconds_left=0)
    said = section(ada.get("why/"), "deducting")
    assert "You have no minutes left at HMS" in said
    assert "Minutes left at HMS: 0." in said
    parent.minutes = 500
    ada.post("hms/refresh/", subject="")
    assert FINE["deducting"] in section(ada.get("why/"), "deducting")


def test_a_client_without_an_organization_is_set_up_with_a_press(ada: Dashboard, acme: Agency, parent: Org) -> None:
    with door.enter(acme):
        client = arrive(user=User.objects.create_user("ben@client.test"), name="Ben")
        Organization.objects.update(problem="HMS was away.")
    FollowUp.objects.all().delete()
    said = section(ada.get("why/"), "deducting")
    assert "Ben has no organization at HMS yet" in said
    assert "HMS was away." in said
    ada.post(f"clients/{client.pk}/organization/retry/", subject=str(client.pk))
    assert asked(acme, "organization", _organization_of(acme, client))


def _organization_of(agency: Agency, client: Client) -> object:
    with door.enter(agency):
        return Organization.objects.get(client=client).pk


def test_an_organization_that_waits_for_its_key_leads_to_the_client(
    ada: Dashboard, acme: Agency, ready: Organization
) -> None:
    with door.enter(acme):
        Organization.objects.update(state=Organization.State.UNCLEAR, api_key_sealed=None)
    assert f'href="/agencies/acme/clients/{ready.client_id}/"' in section(ada.get("why/"), "deducting")


def test_an_organization_that_is_not_below_the_agencys_is_found_and_checked_again_with_a_press(
    ada: Dashboard, acme: Agency, says: Hms, ready: Organization, parent: Org
) -> None:
    child = says.of(ready)
    for below, is_named in ((None, True), (parent.id, False)):
        child.parent = below
        ada.post("why/check_parents/", subject="")
        assert asked(acme, quarantine.KIND)
        with door.enter(acme):
            registry.KINDS[quarantine.KIND]("")
        said = section(ada.get("why/"), "deducting")
        assert ("is not below your organization at HMS" in said) is is_named
        assert (FINE["deducting"] in said) is not is_named


def test_calls_that_were_not_read_for_hours_are_read_with_a_press(
    ada: Dashboard, acme: Agency, ready: Organization
) -> None:
    assert FINE["deducting"] in section(ada.get("why/"), "deducting")
    long_ago = timezone.now() - timedelta(hours=10)
    with door.enter(acme):
        Organization.objects.update(calls_synced_until=long_ago, wanted_at=long_ago)
    assert "The calls of Ben have not been read for hours" in section(ada.get("why/"), "deducting")
    ada.post("why/look_for_calls/", subject=str(ready.pk))
    assert asked(acme, "sync_calls", ready.pk)


def test_a_call_of_which_hms_gave_no_length_is_named_and_not_guessed(
    ada: Dashboard, acme: Agency, ready: Organization
) -> None:
    ended = timezone.now() - timedelta(minutes=20)
    with door.enter(acme):
        Call.objects.create(
            organization=ready, hms_id="c", status="ended", direction="inbound", placed_at=ended, ended_at=ended
        )
    said = section(ada.get("why/"), "deducting")
    assert "HMS has not said how long a call of Ben took" in said
    assert "Read the calls now" in said


def test_a_portal_that_is_off_lets_nobody_sign_up(ada: Dashboard, acme: Agency) -> None:
    assert "Nobody can sign up until it is on." in section(ada.get("why/"), "users")
    switch_on(acme)
    assert FINE["users"] in section(ada.get("why/"), "users")


def test_who_has_not_typed_the_code_is_named_with_an_address_to_write_to(ada: Dashboard, acme: Agency) -> None:
    switch_on(acme)
    with door.enter(acme):
        User.objects.create_user("kim@client.test")
    said = section(ada.get("why/"), "users")
    assert "They have not typed in the code" in said
    assert 'href="mailto:kim@client.test"' in said


def test_who_was_cut_off_after_the_code_is_let_in_with_a_press_and_once(ada: Dashboard, acme: Agency) -> None:
    switch_on(acme)
    with door.enter(acme):
        kim = User.objects.create_user("kim@client.test", name="Kim")
        EmailAddress.objects.create(user=kim, email=kim.email, verified=True)
    assert "the first sign-in was cut off" in section(ada.get("why/"), "users")
    answers = [ada.post("why/let_in/", subject=str(kim.pk)).status_code for _again in range(2)]
    assert answers == [302, 404]
    (entry,) = AuditEntry.objects.all()
    assert (entry.what, entry.after) == ("remedy.pressed", {"pressed": "Let them in", "about": "kim@client.test"})
    assert b"Kim" in ada.get("clients/").content
    assert FINE["users"] in section(ada.get("why/"), "users")


def test_nobody_is_let_in_whose_address_is_not_proved(ada: Dashboard, acme: Agency) -> None:
    with door.enter(acme):
        kim = User.objects.create_user("kim@client.test")
    assert ada.post("why/let_in/", subject=str(kim.pk)).status_code == 404
    with door.enter(acme):
        assert not Client.objects.exists()


@pytest.mark.parametrize("action", ["try_event", "ask_stripe", "look_for_calls", "let_in", "switch_on", "nonsense"])
@pytest.mark.parametrize("subject", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_a_press_for_nothing_is_a_404(ada: Dashboard, action: str, subject: str) -> None:
    assert ada.post(f"why/{action}/", subject=subject).status_code == 404


def test_a_viewer_reads_the_causes_and_has_nothing_to_press(acme: Agency, ready: Organization) -> None:
    vic = User.objects.create_user("vic@acme.test")
    Membership.objects.create(agency=acme, user=vic, role=Membership.Role.VIEWER)
    long_ago = timezone.now() - timedelta(hours=10)
    with door.enter(acme):
        Organization.objects.update(calls_synced_until=long_ago, wanted_at=long_ago)
    viewer = Dashboard(vic)
    said = section(viewer.get("why/"), "deducting")
    assert "have not been read for hours" in said
    assert "<form" not in said
    assert viewer.post("why/look_for_calls/", subject=str(ready.pk)).status_code == 403


def test_twenty_clients_in_trouble_cost_as_many_queries_as_one(ada: Dashboard, acme: Agency, parent: Org) -> None:
    counts = []
    for numbers in ([1], range(2, 21)):
        with door.enter(acme):
            for number in numbers:
                arrive(user=User.objects.create_user(f"c{number}@client.test"), name=f"Client {number}")
                User.objects.create_user(f"u{number}@client.test")
        with CaptureQueriesContext(connection) as queries:
            ada.get("why/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
