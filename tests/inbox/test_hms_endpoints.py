import uuid

import pytest

from agencies.models import Agency
from inbox import hms_endpoints
from inbox.models import HmsEndpoint
from tenancy import door, schemas

pytestmark = pytest.mark.django_db


@pytest.fixture
def inside(acme: Agency):
    with door.enter(acme):
        yield acme


def test_an_endpoint_is_opened_once(inside: Agency) -> None:
    organization_id = uuid.uuid4()
    first = hms_endpoints.open_endpoint(organization_id=organization_id)
    assert hms_endpoints.open_endpoint(organization_id=organization_id) == first
    assert HmsEndpoint.objects.get().agency_id == inside.pk


def test_the_table_gives_neither_address_nor_secret_away(inside: Agency) -> None:
    endpoint = hms_endpoints.open_endpoint(organization_id=uuid.uuid4())
    row = HmsEndpoint.objects.get()
    stored = bytes(row.token_sealed) + bytes(row.secret_sealed) + row.token_hash.encode()
    assert endpoint.token.encode() not in stored
    assert endpoint.secret.encode() not in stored
    assert endpoint.secret not in repr(endpoint)


def test_an_endpoint_is_found_by_its_token_alone(inside: Agency) -> None:
    endpoint = hms_endpoints.open_endpoint(organization_id=uuid.uuid4())
    found = hms_endpoints.by_token(endpoint.token)
    assert hms_endpoints.secret_of(found) == endpoint.secret
    assert hms_endpoints.by_token(endpoint.token + "x") is None


def test_a_secret_moved_to_another_row_does_not_open(inside: Agency) -> None:
    first, second = (hms_endpoints.open_endpoint(organization_id=uuid.uuid4()) for _ in range(2))
    row = hms_endpoints.by_token(first.token)
    row.secret_sealed = hms_endpoints.by_token(second.token).secret_sealed
    with pytest.raises(ValueError):
        hms_endpoints.secret_of(row)


def test_in_public_no_endpoint_is_opened(acme: Agency) -> None:
    with pytest.raises(schemas.NotInAnAgency):
        hms_endpoints.open_endpoint(organization_id=uuid.uuid4())
