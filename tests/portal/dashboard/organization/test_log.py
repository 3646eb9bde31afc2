"""What is done inside a client's organization stands in the agency's log: named, once, and without a secret."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit import proof
from audit.models import AuditEntry
from organizations import custom_tools
from tenancy import door
from tests.portal.dashboard.organization.conftest import Inside

pytestmark = pytest.mark.django_db
CRM = {
    "description": "Finds a customer.",
    "parameters": '{"type": "object", "properties": {}}',
    "url": "https://crm.client.test/find",
    "headers": "Authorization: Bearer s3cret-of-crm",
    "secret": "s1gning secret",
    "timeout_seconds": "2",
}


def written(inside: Inside) -> list[tuple[str, str, dict[str, Any]]]:
    assert list(proof.problems(inside.acme.pk)) == []
    return [(entry.what, entry.subject, entry.after) for entry in AuditEntry.objects.order_by("number")]


@pytest.fixture
def tool(inside: Inside) -> None:
    assert inside.post("integrations/new/", name="find_customer", **CRM).status_code == 302


def test_documents_are_written_by_name(inside: Inside, first: str) -> None:
    file = SimpleUploadedFile("Prices.md", b"# Delivery\nDelivery costs 5 euro.")
    assert inside.post("knowledge/", file=file, language="english").status_code == 302
    (found,) = inside.get("knowledge/").context["documents"]
    inside.post("knowledge/try/", **{"try-question": "What does delivery cost?"})
    inside.post(f"knowledge/{found[0].row.pk}/remove/")
    assert written(inside) == [
        ("knowledge.added", "Bakery", {"name": "Prices.md", "language": "english"}),
        ("knowledge.removed", "Bakery · Prices.md", {}),
    ]


def test_a_document_that_was_refused_is_not_written(inside: Inside) -> None:
    assert inside.post("knowledge/", file=SimpleUploadedFile("Prices.docx", b"PK")).status_code == 200
    assert written(inside) == []


def test_an_assistant_that_may_look_things_up_is_written(inside: Inside, first: str) -> None:
    for what in ("offer", "withdraw"):
        assert inside.post(f"knowledge/assistants/{first}/{what}/").status_code == 302
    subject = f"Bakery · assistant {first}"
    assert written(inside) == [("knowledge.offered", subject, {}), ("knowledge.withdrawn", subject, {})]


def test_a_tool_is_written_without_its_secrets(inside: Inside, tool: None) -> None:
    assert written(inside) == [("integrations.new", "Bakery", {"name": "find_customer"})]
    assert "s3cret" not in str(list(AuditEntry.objects.values()))
    assert "s1gning" not in str(list(AuditEntry.objects.values()))


def test_a_tool_that_was_tried_is_written_with_how_it_answered(inside: Inside, tool: None) -> None:
    inside.post("integrations/find_customer/try/")
    assert [entry[0] for entry in written(inside)] == ["integrations.new", "integrations.try_it"]


def test_what_an_assistant_may_use_is_written(inside: Inside, tool: None, first: str) -> None:
    where = f"assistants/{first}/tools/"
    for _twice in range(2):
        assert inside.post(where, **inside.form(where) | {"custom": ["find_customer"]}).status_code == 302
    with door.enter(inside.acme):
        assert [each.name for each in custom_tools.all_of(inside.organization)] == ["find_customer"]
    name = inside.hms.assistants.get(first).name
    assert written(inside)[1:] == [
        (
            "assistants.tools",
            f"Bakery · item {first}",
            {"assistant": name, "tools": ["find_customer"], "servers": {}},
        )
    ]


def test_a_server_is_written_when_it_is_added_and_not_when_it_is_tested(inside: Inside) -> None:
    typed = {"name": "CRM", "url": "https://crm.client.test/mcp", "transport": "sse", "timeout_seconds": "20"}
    assert inside.post("mcp/new/", **typed, headers="X-Key: s3cret-of-mcp").status_code == 302
    server = inside.hms.mcp_servers.list()[0]
    assert inside.post(f"mcp/{server.id}/test/").status_code == 200
    assert written(inside) == [("mcp.new", "Bakery", {"name": "CRM"})]
