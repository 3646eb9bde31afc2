from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.models import Agency
from vault import connections, envelope, key_shapes
from vault.models import HMSConnection, StripeConnection

pytestmark = pytest.mark.django_db
KEYS = {
    "publishable_key": "pk_test_51Canary1",
    "secret_key": "sk_test_51CanaryCanary2",
    "webhook_secret": "whsec_CanaryCanary3",
}
NEWER = "whsec_NewerNewer4"


def saved(agency: Agency, **changes: Any) -> StripeConnection:
    return connections.save_stripe_keys(agency_id=agency.pk, **({**KEYS, "account_id": "acct_1"} | changes))


def hms(agency: Agency, **changes: Any) -> HMSConnection:
    values = {"api_key": "fl_live_CanaryCanary", "organization_id": "org", "organization_name": "Acme"}
    return connections.save_hms_key(agency_id=agency.pk, seconds_left=600, **(values | changes))


def test_trap_60_keys_come_back_as_they_were_pasted_without_what_copying_added(acme: Agency) -> None:
    saved(acme, secret_key=f' "{KEYS["secret_key"]}"\n')
    assert connections.stripe_secret_key(acme.pk) == KEYS["secret_key"]
    assert connections.webhook_secrets(acme.pk, timezone.now()) == [KEYS["webhook_secret"]]


def test_a_blank_field_keeps_the_stored_key(acme: Agency) -> None:
    saved(acme)
    saved(acme, publishable_key="", secret_key=None, webhook_secret="  ", account_id="")
    assert connections.stripe_secret_key(acme.pk) == KEYS["secret_key"]
    assert connections.stripe_connection(acme.pk).publishable_key == KEYS["publishable_key"]
    assert connections.webhook_secrets(acme.pk, timezone.now()) == [KEYS["webhook_secret"]]


def test_nothing_that_is_stored_or_shown_holds_a_key(acme: Agency) -> None:
    saved(acme)
    hms(acme)
    for row in (StripeConnection.objects.get(), HMSConnection.objects.get()):
        shown = f"{row!r} {row} {vars(row)}"
        assert "Canary2" not in shown
        assert "Canary3" not in shown
        assert "CanaryCanary" not in shown


def test_masks_and_mode_can_be_shown(acme: Agency) -> None:
    connection = saved(acme)
    assert (connection.secret_key_mask, connection.webhook_secret_mask) == ("sk_test_...ary2", "whsec_...ary3")
    assert (connection.livemode, connection.account_id) == (False, "acct_1")


def test_an_agency_without_keys_is_not_connected(acme: Agency) -> None:
    for ask in (connections.stripe_secret_key, connections.stripe_connection, connections.hms_key):
        with pytest.raises(connections.NotConnected):
            ask(acme.pk)
    assert connections.webhook_secrets(acme.pk, timezone.now()) == []
    assert connections.webhook_secrets(0, timezone.now()) == []


def test_a_replaced_webhook_secret_is_accepted_for_a_day(acme: Agency) -> None:
    now = timezone.now()
    saved(acme)
    saved(acme, webhook_secret=NEWER, now=now)
    assert connections.webhook_secrets(acme.pk, now + timedelta(hours=23)) == [NEWER, KEYS["webhook_secret"]]
    assert connections.webhook_secrets(acme.pk, now + timedelta(hours=24)) == [NEWER]


def test_the_same_webhook_secret_again_is_no_replacement(acme: Agency) -> None:
    saved(acme)
    saved(acme)
    assert connections.webhook_secrets(acme.pk, timezone.now()) == [KEYS["webhook_secret"]]


def test_an_endpoint_we_made_brings_its_secret(acme: Agency) -> None:
    saved(acme)
    connections.save_webhook_endpoint(agency_id=acme.pk, endpoint_id="we_1", webhook_secret=NEWER, instead_of="")
    assert connections.webhook_secrets(acme.pk, timezone.now()) == [NEWER, KEYS["webhook_secret"]]
    assert connections.stripe_connection(acme.pk).webhook_endpoint_id == "we_1"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"secret_key": KEYS["publishable_key"]}, "secret_key"),
        ({"publishable_key": KEYS["secret_key"]}, "publishable_key"),
        ({"webhook_secret": "fl_live_abcdefgh"}, "webhook_secret"),
        ({"secret_key": "sk_live_51Abc"}, "secret_key"),
    ],
)
def test_a_wrong_key_stores_nothing(acme: Agency, changes: dict[str, str], field: str) -> None:
    with pytest.raises(key_shapes.WrongKey) as refused:
        saved(acme, **changes)
    assert refused.value.field == field
    assert not StripeConnection.objects.exists()


def test_a_new_key_must_be_of_the_mode_of_the_stored_one(acme: Agency) -> None:
    saved(acme)
    with pytest.raises(key_shapes.WrongKey):
        saved(acme, publishable_key="", secret_key="sk_live_51Abc")
    with pytest.raises(key_shapes.WrongKey):
        saved(acme, publishable_key="pk_live_51Abc", secret_key="")


@pytest.mark.parametrize("column", ["secret_key_sealed", "webhook_secret_sealed"])
def test_a_sealed_key_carried_to_another_agency_does_not_open(acme: Agency, globex: Agency, column: str) -> None:
    saved(acme)
    saved(globex)
    stolen = getattr(StripeConnection.objects.get(agency=acme), column)
    StripeConnection.objects.filter(agency=globex).update(**{column: stolen})
    with pytest.raises(envelope.CannotOpen):
        connections.stripe_secret_key(globex.pk)
        connections.webhook_secrets(globex.pk, timezone.now())


def test_a_sealed_key_carried_to_another_field_does_not_open(acme: Agency) -> None:
    saved(acme)
    StripeConnection.objects.update(webhook_secret_sealed=StripeConnection.objects.get().secret_key_sealed)
    with pytest.raises(envelope.CannotOpen):
        connections.webhook_secrets(acme.pk, timezone.now())


def test_an_hms_key_is_kept_with_what_hms_said(acme: Agency) -> None:
    hms(acme)
    connection = hms(acme, api_key="", organization_name="Acme Voice")
    assert connections.hms_key(acme.pk) == "fl_live_CanaryCanary"
    assert (connection.organization_name, connection.seconds_left) == ("Acme Voice", 600)


def test_one_hms_organization_is_one_agencys(acme: Agency, globex: Agency) -> None:
    hms(acme)
    with pytest.raises(connections.OrganizationTaken):
        hms(globex)
    with pytest.raises(connections.NotConnected):
        connections.hms_key(globex.pk)


def test_an_hms_field_refuses_a_stripe_key(acme: Agency) -> None:
    with pytest.raises(key_shapes.WrongKey):
        hms(acme, api_key=KEYS["secret_key"])


def test_many_events_touch_the_connection_once_a_minute(acme: Agency, django_assert_num_queries: Any) -> None:
    saved(acme)
    at = timezone.now()
    connections.note_event(agency_id=acme.pk, livemode=False, at=at)
    with django_assert_num_queries(1):
        connections.note_event(agency_id=acme.pk, livemode=False, at=at + timedelta(seconds=59))
    connections.note_event(agency_id=acme.pk, livemode=False, at=at + timedelta(seconds=61))
    assert StripeConnection.objects.get().last_event_at == at + timedelta(seconds=61)
