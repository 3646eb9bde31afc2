"""Trouble on demand, for the next requests under a path."""

import httpx
import pytest
import stripe


@pytest.fixture(autouse=True)
def no_fault_left(sandbox):
    yield
    httpx.delete(f"{sandbox.url}/_sandbox/faults")


@pytest.mark.parametrize("kind", ["500", "502", "503", "429"])
def test_the_next_answers_are_wrong_and_then_right_again(sandbox, agency, kind):
    sandbox.post("/faults", prefix="/hms/api/v1/calls", kind=kind, times=2)
    statuses = [agency.child.get("/calls").status_code for _ in range(3)]
    assert statuses == [int(kind), int(kind), 200]


def test_a_502_is_html(sandbox, agency):
    sandbox.post("/faults", prefix="/hms", kind="502")
    assert agency.child.get("/calls").headers["Content-Type"].startswith("text/html")


def test_a_fault_meets_only_its_path_and_method(sandbox, agency):
    sandbox.post("/faults", prefix="/hms/api/v1/organizations", kind="500", method="POST")
    assert agency.parent.get("/organizations").status_code == 200
    assert agency.parent.post("/organizations", json={"name": "X"}).status_code == 500


def test_a_lost_answer_is_lost_after_the_effect(sandbox, agency):
    sandbox.post("/faults", prefix="/hms/api/v1/organizations", kind="lost")
    with pytest.raises(httpx.RemoteProtocolError):
        agency.parent.post("/organizations", json={"name": "Orphan", "parent_org_id": agency.id})
    children = agency.parent.get("/organizations", params={"include_children": "true"}).json()["children"]
    assert "Orphan" in [child["name"] for child in children]


def test_a_cut_connection_has_no_effect(sandbox, agency):
    sandbox.post("/faults", prefix="/hms/api/v1/organizations", kind="cut")
    with pytest.raises(httpx.RemoteProtocolError):
        agency.parent.post("/organizations", json={"name": "Nobody", "parent_org_id": agency.id})
    children = agency.parent.get("/organizations", params={"include_children": "true"}).json()["children"]
    assert [child["name"] for child in children] == ["Ben"]


def test_silence_is_longer_than_a_short_timeout(sandbox, agency):
    sandbox.post("/faults", prefix="/hms", kind="hang", seconds=1)
    with pytest.raises(httpx.ReadTimeout):
        agency.child.get("/calls", timeout=0.2)


def test_a_lost_stripe_answer_is_replayed_under_its_key(sandbox, shop):
    sandbox.post("/faults", prefix="/stripe/v1/products", kind="lost")
    options = {"idempotency_key": "k", "max_network_retries": 2}
    product = shop.client.v1.products.create({"name": "Once"}, options)
    assert product.last_response.headers["Idempotent-Replayed"] == "true"
    assert len([one for one in shop.client.v1.products.list().data if one.name == "Once"]) == 1


def test_a_stripe_fault_has_stripes_shape(sandbox, shop):
    sandbox.post("/faults", prefix="/stripe", kind="429")
    with pytest.raises(stripe.RateLimitError):
        shop.client.v1.products.list()


@pytest.mark.parametrize(
    "body",
    [{"prefix": "/hms", "kind": "odd"}, {"prefix": "hms", "kind": "500"}, {"prefix": "/_sandbox", "kind": "500"}],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox, body):
    assert httpx.post(f"{sandbox.url}/_sandbox/faults", json=body).status_code == 400
