from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hms_client import CreatedOrganization, UnexpectedAnswer

OWN = {"id": "o1", "name": "Agency", "minutes_balance": 500.5, "monthly_usage_minutes": 12, "active_agents": 2}
CREATED = {
    "id": "o2",
    "name": "Client",
    "parent_org_id": "o1",
    "api_key": "fl_live_child",
    "created_at": "2026-11-03T09:00:00.000Z",
}


def test_the_minutes_of_an_organization_are_exact(wire):
    found = wire.answers(OWN).client.organizations.get()
    assert wire.asked == "GET /api/v1/organizations"
    assert found.minutes_balance == Decimal("500.5")
    assert isinstance(found.monthly_usage_minutes, Decimal)
    assert (found.active_assistants, found.children, found.parent_org_id) == (2, None, None)


def test_children_come_when_asked_for(wire):
    child = {"id": "o2", "name": "Client", "created_at": "2026-11-03T09:00:00Z"}
    found = wire.answers({**OWN, "children": [child]}).client.organizations.get(include_children=True)
    assert wire.asked == "GET /api/v1/organizations?include_children=true"
    assert [(each.id, each.name) for each in found.children] == [("o2", "Client")]


def test_the_older_name_of_the_name_is_taken_and_the_unknown_is_kept(wire):
    found = wire.answers({"id": "o1", "company_name": "Old", "email": "a@b.test"}).client.organizations.get()
    assert (found.name, found.extra) == ("Old", {"email": "a@b.test"})


def test_a_child_is_created_with_its_parent_and_its_key_is_not_printed(wire):
    made = wire.answers(CREATED, status=201).client.organizations.create(name="Client", parent_org_id="o1")
    assert (wire.asked, wire.sent) == ("POST /api/v1/organizations", {"name": "Client", "parent_org_id": "o1"})
    assert (made.api_key, made.parent_org_id) == ("fl_live_child", "o1")
    assert made.created_at == datetime(2026, 11, 3, 9, tzinfo=UTC)
    assert "fl_live_child" not in repr(made)


def test_without_a_parent_none_is_sent(wire):
    wire.answers({**CREATED, "parent_org_id": None}).client.organizations.create(name="Client")
    assert wire.sent == {"name": "Client"}


def test_no_surprise_in_another_field_loses_the_new_key():
    odd = {"id": "o2", "api_key": "fl_live_child", "created_at": "soon", "name": 5, "parent_org_id": []}
    made = CreatedOrganization.from_json(odd)
    assert (made.api_key, made.name, made.created_at) == ("fl_live_child", None, None)


def test_a_creation_that_tells_no_key_is_unexpected_and_keeps_what_came_without_printing_it(wire):
    with pytest.raises(UnexpectedAnswer) as caught:
        wire.answers({"id": None, "api_key": "fl_live_child"}, status=201).client.organizations.create(name="Client")
    assert caught.value.outcome_unknown
    assert caught.value.body["api_key"] == "fl_live_child"
    assert "fl_live_child" not in str(caught.value) + repr(caught.value) + repr(caught.value.body)


def test_both_retention_periods_are_set_together(wire):
    periods = {"content_retention_days": 30, "metadata_retention_days": 730}
    kept = wire.answers(periods).client.organizations.set_retention(**periods)
    assert (wire.asked, wire.sent) == ("PATCH /api/v1/organizations", periods)
    assert (kept.content_retention_days, kept.metadata_retention_days) == (30, 730)
