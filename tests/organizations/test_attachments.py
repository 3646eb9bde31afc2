"""What an assistant may use at HMS: changed without losing what stands beside it."""

from typing import Any

from hms_client import Assistant
from organizations import attachments
from organizations.attachments import ServerUse
from organizations.custom_tools import CustomTool


def tool(name: str, description: str = "Finds.") -> CustomTool:
    return CustomTool(name, description, {}, "https://crm.test/", (), 5, "")


def function(name: str, description: str = "Finds.", **more: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
        **more,
    }


def mcp(server_id: str, *allowed: str, required: bool = False) -> dict[str, Any]:
    return {"type": "mcp", "mcp_server_id": server_id, "allowed_tools": list(allowed), "required": required}


def assistant(*tools: Any, **config: Any) -> Assistant:
    return Assistant.from_json({"id": "a1", "name": "Desk", "llm_config": {**config, "tools": list(tools)}})


THEIRS = function("theirs")
ELSEWHERE = function("find", server={"url": "https://elsewhere.test"})
END = {"type": "end_call"}


def test_functions_that_come_to_us_and_servers_are_read() -> None:
    read = attachments.read(assistant(END, THEIRS, ELSEWHERE, function("find"), mcp("m1", "a", "b", required=True)))
    assert read.names == ("theirs", "find")
    assert read.servers == {"m1": ServerUse(("a", "b"), True)}


def test_a_server_is_required_when_nothing_else_is_said() -> None:
    row = assistant({"type": "mcp", "mcp_server_id": "m1", "allowed_tools": ["a"]})
    assert attachments.read(row).servers["m1"].is_required


def test_what_is_chosen_comes_after_what_is_there_and_nothing_else_changes() -> None:
    row = assistant(END, THEIRS, ELSEWHERE, model="m", temperature=0.5)
    block = attachments.changed(row, ours=[tool("find")], names=["find"], servers={"m1": ServerUse(("a",), False)})
    assert block is not None
    assert (block["model"], str(block["temperature"])) == ("m", "0.5")
    assert block["tools"] == [END, THEIRS, ELSEWHERE, function("find"), mcp("m1", "a")]


def test_what_is_not_chosen_goes_and_somebody_elses_function_stays() -> None:
    row = assistant(function("find"), THEIRS, mcp("m1", "a"), mcp("m2", "b"))
    block = attachments.changed(row, ours=[tool("find")], names=[], servers={"m1": ServerUse((), False)})
    assert block is not None
    assert block["tools"] == [THEIRS]


def test_nothing_is_sent_when_it_is_so_already() -> None:
    row = assistant(function("find"), mcp("m1", "a"))
    chosen = {"names": ["find"], "servers": {"m1": ServerUse(("a",), False)}}
    assert attachments.changed(row, ours=[tool("find")], **chosen) is None  # type: ignore[arg-type]


def test_an_entry_keeps_what_it_says_beside_the_function_when_the_tool_has_changed() -> None:
    row = assistant(function("find", "Old.", **{"async": True}))
    changed = tool("find", "New.")
    assert not attachments.is_up_to_date(row, changed)
    block = attachments.changed(row, ours=[changed], names=["find"], servers={})
    assert block is not None
    assert block["tools"] == [function("find", "New.", **{"async": True})]
    assert attachments.is_up_to_date(assistant(*block["tools"]), changed)


def test_an_assistant_without_a_model_yet_gets_tools_alone() -> None:
    row = Assistant.from_json({"id": "a1", "name": "Desk"})
    block = attachments.changed(row, ours=[tool("find")], names=["find"], servers={})
    assert block == {"tools": [function("find")]}


def test_a_copy_for_another_organization_leaves_behind_what_this_one_alone_has() -> None:
    row = assistant(END, function("find"), THEIRS, mcp("m1", "a"), model="m")
    assert attachments.portable(row, without={"find": {}}) == {"model": "m", "tools": [END, THEIRS]}
    assert attachments.portable(Assistant.from_json({"id": "a1", "name": "Desk"})) is None
