"""A portal goes on when nothing is missing, and not a moment earlier."""

import pytest
from django.utils import timezone

from agencies import activation
from agencies.activation import PortalIncomplete, State
from agencies.models import Agency
from billing.models import Package
from domains import resolver
from tenancy import door
from vault import connections
from vault.models import HMSConnection, StripeConnection

# When the test runs, not when it is collected.
NOW = object()
pytestmark = pytest.mark.django_db
ALL = ["company_name", "address", "hms_key", "publishable_key", "secret_key", "webhook_secret", "package", "price"]


def complete(agency: Agency) -> None:
    connections.save_hms_key(
        agency_id=agency.pk,
        api_key="fl_live_0123456789ab",
        organization_id="org",
        organization_name="Acme",
        seconds_left=600,
    )
    connections.save_stripe_keys(
        agency_id=agency.pk,
        publishable_key="pk_test_0123456789",
        secret_key="sk_test_0123456789",
        webhook_secret="whsec_0123456789",
    )
    with door.enter(agency):
        Package.objects.create(
            name="100 credits", credits=100, price_minor=4000, stripe_price_id="price_1", price_proved_at=timezone.now()
        )


def states(agency: Agency) -> dict[str, State]:
    return {requirement.key: requirement.state for requirement in activation.requirements(agency)}


def missing(agency: Agency) -> list[str]:
    with pytest.raises(PortalIncomplete) as refused:
        activation.switch_on(agency)
    assert not Agency.objects.get(pk=agency.pk).portal_is_on
    return [requirement.key for requirement in refused.value.missing]


def test_a_new_agency_lacks_all_but_its_name_and_address(acme: Agency) -> None:
    assert missing(acme) == ALL[2:]


def test_every_refusal_says_what_to_do(acme: Agency) -> None:
    assert all(requirement.reason for requirement in activation.requirements(acme) if requirement.stops)


def test_a_complete_portal_goes_on_and_hosts_hear_of_it(acme: Agency, django_capture_on_commit_callbacks) -> None:
    complete(acme)
    assert not resolver.resolve("acme.portal.localhost").agency.portal_is_on
    with django_capture_on_commit_callbacks(execute=True):
        activation.switch_on(acme)
    assert resolver.resolve("acme.portal.localhost").agency.portal_is_on
    assert acme.portal_on_since is not None


@pytest.mark.parametrize(
    ("key", "spoil"),
    [
        ("hms_key", lambda: HMSConnection.objects.update(api_key_sealed=None)),
        ("publishable_key", lambda: StripeConnection.objects.update(publishable_key="")),
        ("secret_key", lambda: StripeConnection.objects.update(secret_key_sealed=None)),
        ("webhook_secret", lambda: StripeConnection.objects.update(webhook_secret_sealed=None)),
        ("secret_key", lambda: StripeConnection.objects.update(livemode=True)),
    ],
)
def test_one_thing_missing_or_wrong_keeps_it_off(acme: Agency, key: str, spoil) -> None:
    complete(acme)
    spoil()
    assert missing(acme) == [key]


@pytest.mark.parametrize("change", [{"is_active": False}, {"price_proved_at": None}, {"stripe_price_id": ""}])
def test_a_package_counts_only_while_it_can_be_bought(acme: Agency, change: dict[str, object]) -> None:
    complete(acme)
    with door.enter(acme):
        Package.objects.update(**change)
    expected = ["package", "price"] if "is_active" in change else ["price"]
    assert missing(acme) == expected


def test_a_price_is_wrong_only_when_stripe_could_have_confirmed_it(acme: Agency) -> None:
    complete(acme)
    with door.enter(acme):
        Package.objects.update(price_proved_at=None)
    assert states(acme)["price"] is State.WRONG
    StripeConnection.objects.update(secret_key_sealed=None)
    assert states(acme)["price"] is State.MISSING


def test_one_package_with_a_proved_price_is_enough(acme: Agency) -> None:
    complete(acme)
    with door.enter(acme):
        Package.objects.create(name="Waits", credits=1, price_minor=100, position=0)
    activation.switch_on(acme)
    assert Agency.objects.get(pk=acme.pk).portal_is_on


def test_packages_of_another_agency_do_not_count(acme: Agency, globex: Agency) -> None:
    complete(globex)
    assert (states(acme)["package"], states(acme)["price"]) == (State.MISSING, State.MISSING)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, State.WAITING),
        ({"missing_events": ["refund.created"]}, State.WAITING),
        ({"tested_at": NOW}, State.WAITING),
        ({"proved_at": NOW}, State.DONE),
        ({"proved_at": NOW, "missing_events": ["refund.created"]}, State.DONE),
        ({"last_failure": "It does not fit.", "last_failure_at": NOW}, State.WRONG),
        ({"endpoint_state": "disabled"}, State.WRONG),
    ],
)
def test_the_connection_is_recommended_and_stops_nothing(
    acme: Agency, known: dict[str, object], expected: State
) -> None:
    complete(acme)
    at = {name: timezone.now() if value is NOW else value for name, value in known.items()}
    StripeConnection.objects.update(**at)
    (row,) = [requirement for requirement in activation.requirements(acme) if requirement.key == "connection"]
    assert (row.state, row.stops) == (expected, False)
    assert bool(row.reason) == (expected is not State.DONE)
    activation.switch_on(acme)


def test_switching_on_twice_keeps_the_first_date(acme: Agency) -> None:
    complete(acme)
    activation.switch_on(acme)
    since = Agency.objects.get(pk=acme.pk).portal_on_since
    activation.switch_on(acme)
    assert Agency.objects.get(pk=acme.pk).portal_on_since == since


def test_off_is_off_whatever_is_there(acme: Agency) -> None:
    complete(acme)
    activation.switch_on(acme)
    activation.switch_off(acme)
    assert not Agency.objects.get(pk=acme.pk).portal_is_on


def test_no_secret_is_shown(acme: Agency) -> None:
    complete(acme)
    shown = " ".join(requirement.shown + requirement.reason for requirement in activation.requirements(acme))
    assert "0123456789" not in shown
