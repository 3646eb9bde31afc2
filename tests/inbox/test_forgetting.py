import uuid
from datetime import UTC, datetime, timedelta

import pytest

from agencies.models import Agency
from inbox import forgetting, hms_endpoints
from inbox.models import EventState, HmsEndpoint, HmsEvent, StripeEvent
from tenancy import door

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=90, seconds=1), NOW - timedelta(days=89)


def event(agency: Agency, state: EventState, received_at: datetime) -> StripeEvent:
    return StripeEvent.objects.create(
        agency=agency,
        event_id=f"evt_{uuid.uuid4().hex}",
        type="charge.refunded",
        livemode=True,
        event_at=received_at,
        payload=b'{"customer": "ben"}',
        received_at=received_at,
        state=state,
    )


def report(agency: Agency, received_at: datetime) -> HmsEvent:
    with door.enter(agency):
        hms_endpoints.open_endpoint(organization_id=uuid.UUID(int=1))
    endpoint = HmsEndpoint.objects.get(agency=agency)
    return HmsEvent.objects.create(
        endpoint=endpoint, type="status-update", body_hash=uuid.uuid4().hex, received_at=received_at
    )


@pytest.mark.parametrize("state", [EventState.APPLIED, EventState.IGNORED])
def test_a_settled_events_payload_goes_after_ninety_days_and_the_event_stays_known(
    acme: Agency, state: EventState
) -> None:
    old, young = event(acme, state, OLD), event(acme, state, YOUNG)
    assert forgetting.forget(NOW)[0] == 1
    old.refresh_from_db()
    young.refresh_from_db()
    assert bytes(old.payload) == b""
    assert bytes(young.payload) != b""
    assert forgetting.forget(NOW)[0] == 0


@pytest.mark.parametrize("state", [EventState.RECEIVED, EventState.FAILED])
def test_what_is_still_to_be_applied_keeps_its_payload(acme: Agency, state: EventState) -> None:
    open_event = event(acme, state, OLD)
    assert forgetting.forget(NOW)[0] == 0
    open_event.refresh_from_db()
    assert bytes(open_event.payload) != b""


def test_old_reports_of_hms_go_whole(acme: Agency) -> None:
    report(acme, OLD)
    young = report(acme, YOUNG)
    assert forgetting.forget(NOW)[1] == 1
    assert list(HmsEvent.objects.all()) == [young]


def test_many_rows_go_in_small_steps(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "_AT_ONCE", 2)
    for _number in range(5):
        event(acme, EventState.APPLIED, OLD)
        report(acme, OLD)
    assert forgetting.forget(NOW) == (5, 5)


def test_everything_goes_with_the_agency() -> None:
    """The rows that say what an agency was told hang on its own row, all the way down."""
    gone = Agency.objects.create(slug="gone", schema_name="a_999999")
    event(gone, EventState.FAILED, YOUNG)
    endpoint = HmsEndpoint.objects.create(agency=gone, token_hash="x", token_sealed=b"x", secret_sealed=b"x")
    HmsEvent.objects.create(endpoint=endpoint, type="status-update", body_hash="y")
    Agency.objects.filter(pk=gone.pk).delete()
    assert not StripeEvent.objects.filter(agency_id=gone.pk).exists()
    assert not HmsEndpoint.objects.filter(agency_id=gone.pk).exists()
    assert not HmsEvent.objects.filter(endpoint_id=endpoint.pk).exists()
