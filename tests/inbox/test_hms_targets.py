import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from agencies.models import Agency
from inbox import hms_endpoints, hms_targets
from inbox.hms_targets import WrongTarget
from inbox.models import HmsEndpoint
from tenancy import door

pytestmark = pytest.mark.django_db
ORGANIZATION = uuid.UUID("00000000-0000-4000-8000-000000000001")
URL = "https://crm.example.com/hooks"


@pytest.fixture(autouse=True)
def inside(acme: Agency) -> Iterator[None]:
    with door.enter(acme):
        yield


def save(**changes: Any) -> None:
    typed = {"url": URL, "secret": "a secret of ben", "events": ["status-update"]}
    hms_targets.save(organization_id=ORGANIZATION, **(typed | changes))


def test_it_is_kept_sealed_and_wants_what_was_chosen() -> None:
    save(events=["tool-calls", "status-update", "nonsense"])
    row = HmsEndpoint.objects.get(organization_id=ORGANIZATION)
    target = hms_targets.wanting(row, "tool-calls")
    assert target is not None
    assert (target.url, target.secret, target.events) == (URL, "a secret of ben", ("tool-calls", "status-update"))
    assert hms_targets.wanting(row, "assistant-request") is None
    assert b"a secret" not in bytes(row.target_secret_sealed)
    assert "a secret" not in repr(target) + row.target_secret_mask


def test_a_blank_secret_keeps_the_stored_one() -> None:
    save()
    save(secret="", url=URL + "/2")
    target = hms_targets.of_organization(ORGANIZATION)
    assert target is not None
    assert (target.url, target.secret) == (URL + "/2", "a secret of ben")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("url", {"url": "crm.example.com"}),
        ("url", {"url": "https://169.254.169.254/latest"}),
        ("url", {"url": "https://portal.localhost/api/webhooks/hms/x"}),
        ("url", {"url": "https://acme.portal.localhost/"}),
        ("secret", {"secret": ""}),
        ("secret", {"secret": "short"}),
        ("secret", {"secret": "x" * 501}),
        ("events", {"events": []}),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(WrongTarget) as caught:
        save(**changes)
    assert caught.value.field == field
    assert hms_targets.find(organization_id=ORGANIZATION) is None


def test_clearing_forgets_the_secret_and_leaves_hms_its_address() -> None:
    save()
    before = hms_endpoints.find(organization_id=ORGANIZATION)
    hms_targets.clear(organization_id=ORGANIZATION)
    assert hms_targets.of_organization(ORGANIZATION) is None
    assert HmsEndpoint.objects.get(organization_id=ORGANIZATION).target_secret_sealed is None
    assert hms_endpoints.find(organization_id=ORGANIZATION) == before


def test_another_agency_sees_and_changes_nothing(acme: Agency, globex: Agency) -> None:
    save()
    with door.leave(), door.enter(globex):
        assert hms_targets.find(organization_id=ORGANIZATION) is None
        assert hms_targets.of_organization(ORGANIZATION) is None
        hms_targets.clear(organization_id=ORGANIZATION)
    assert hms_targets.find(organization_id=ORGANIZATION) is not None


def test_a_webhook_from_before_is_adopted_once() -> None:
    former = {"organization_id": ORGANIZATION, "url": URL, "secret": "the former secret", "events": ["tool-calls"]}
    assert hms_targets.adopt(**former)
    assert not hms_targets.adopt(**(former | {"url": "https://other.example.com"}))
    target = hms_targets.of_organization(ORGANIZATION)
    assert target is not None
    assert (target.url, target.secret, target.events) == (URL, "the former secret", ("tool-calls",))


def test_an_adopted_webhook_without_a_secret_is_signed_all_the_same() -> None:
    hms_targets.adopt(organization_id=ORGANIZATION, url=URL, secret="", events=[])
    target = hms_targets.of_organization(ORGANIZATION)
    assert target is not None
    assert len(target.secret) >= 24
    assert target.events == hms_targets.EVENTS


def test_our_own_address_is_not_adopted() -> None:
    own = hms_endpoints.open_endpoint(organization_id=ORGANIZATION)
    url = f"https://portal.example.com/api/webhooks/hms/{own.token}"
    assert not hms_targets.adopt(organization_id=ORGANIZATION, url=url, secret=own.secret, events=[])
