"""Keys, organizations and the pool of minutes a parent shares with its children."""

import httpx


def test_without_a_key_hms_answers_a_flat_401(sandbox):
    answer = httpx.get(f"{sandbox.url}/hms/api/v1/organizations")
    assert answer.status_code == 401
    assert answer.json()["error"] == "Unauthorized"


def test_a_made_up_key_is_a_flat_401(sandbox):
    answer = sandbox.hms("fl_live_nobody").get("/calls")
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid API key"})


def test_health_needs_no_key(sandbox):
    assert httpx.get(f"{sandbox.url}/hms/api/v1/health").json()["checks"]["database"]["status"] == "ok"


def test_a_child_is_created_with_its_parent_and_a_key_of_its_own(sandbox, agency):
    answer = agency.parent.post("/organizations", json={"name": "Zoe", "parent_org_id": agency.id})
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "name", "parent_org_id", "api_key", "created_at"}
    own = sandbox.hms(answer.json()["api_key"]).get("/organizations").json()
    assert (own["id"], own["parent_org_id"]) == (answer.json()["id"], agency.id)


def test_the_key_of_a_child_is_never_shown_again(agency):
    listed = agency.parent.get("/organizations", params={"include_children": "true"})
    assert [child["name"] for child in listed.json()["children"]] == ["Ben"]
    assert agency.child_key not in listed.text
    assert "children" not in agency.parent.get("/organizations").json()


def test_account_is_the_same_answer_under_its_old_name(agency):
    assert agency.parent.get("/account").json() == agency.parent.get("/organizations").json()


def test_a_child_has_no_children_and_nobody_opens_one_under_a_stranger(agency):
    below = agency.child.post("/organizations", json={"name": "X", "parent_org_id": agency.child_id})
    stranger = agency.child.post("/organizations", json={"name": "X", "parent_org_id": agency.id})
    assert [below.status_code, stranger.status_code] == [403, 403]


def test_an_organization_needs_a_name(agency):
    assert agency.parent.post("/organizations", json={}).status_code == 400


def test_an_organization_without_a_parent_stands_alone_without_minutes(sandbox, agency):
    opened = agency.parent.post("/organizations", json={"name": "Alone"}).json()
    own = sandbox.hms(opened["api_key"]).get("/organizations").json()
    assert (opened["parent_org_id"], own["minutes_balance"]) == (None, 0)


def test_minutes_are_fractional_and_a_child_shows_its_parents(open_agency):
    agency = open_agency(minutes=8411.65)
    assert agency.balance() == 8411.65
    assert agency.child.get("/organizations").json()["minutes_balance"] == 8411.65


def test_seconds_of_a_child_lower_the_pool_of_the_parent_exactly(agency):
    agency.finished(65)
    assert agency.balance() == round((500 * 60 - 65) / 60, 2)
    assert agency.child.get("/organizations").json()["monthly_usage_minutes"] == round(65 / 60, 2)
    assert agency.parent.get("/organizations").json()["monthly_usage_minutes"] == round(65 / 60, 2)


def test_minutes_can_be_added_by_control(sandbox, agency):
    assert sandbox.post(f"/hms/organizations/{agency.id}/minutes", minutes=10.5)["minutes_balance"] == 510.5


def test_one_key_sees_nothing_of_another_organization(sandbox, agency, open_agency):
    other = open_agency()
    call = other.finished(30)
    assert agency.child.get(f"/calls/{call['id'].replace('+', '%2B')}").status_code == 404
    assert agency.child.get(f"/assistants/{other.assistant_id}").status_code == 404
    assert agency.child.get(f"/numbers/{other.seeded['number_id']}").status_code == 404
    assert agency.child.get("/calls").json()["calls"] == []
    assert agency.child.get("/usage").json()["logs"] == []
