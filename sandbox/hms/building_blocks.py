"""What assistants and numbers are built of: voices, templates of tools and analyses, SIP trunks."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.answers import json_answer, refuse
from sandbox.hms.auth import keyed
from sandbox.hms.kept import Kept, must_be_object, must_be_one_of
from sandbox.store import Document
from sandbox.world import World

VOICES = [
    {"id": "voice-anna", "name": "Anna", "language": "nl", "description": {"en": "Warm", "nl": "Warm"}},
    {"id": "voice-daan", "name": "Daan", "language": "nl", "description": {"en": "Calm", "nl": "Rustig"}},
    {"id": "voice-emma", "name": "Emma", "language": "en", "description": {"en": "Bright"}},
    {"id": "voice-liam", "name": "Liam", "language": "en", "description": None},
    {"id": "voice-lena", "name": "Lena", "language": "de", "description": {"en": "Clear", "de": "Klar"}},
]
TOOL_TYPES = ("function", "end_call", "transfer_call")
TRANSPORTS = ("udp", "tcp", "tls")


def _check_tool(world: World, organization: Document, given: dict[str, Any]) -> None:
    must_be_one_of("tool_type", given, TOOL_TYPES)
    must_be_object("tool_config", given)


def _check_analysis(world: World, organization: Document, given: dict[str, Any]) -> None:
    must_be_object("schema", given)


def _check_trunk(world: World, organization: Document, given: dict[str, Any]) -> None:
    must_be_one_of("transport", given, TRANSPORTS)


def _let_go_of_trunk(world: World, organization: Document, trunk: Document) -> None:
    numbers = world.store.find("hms_number", owner=organization["id"])
    used = sum(1 for number in numbers if number["transfer_trunk_id"] == trunk["id"])
    if used:
        raise refuse(409, "SIP trunk is in use", f"{used} phone number(s) transfer over it. Detach them first.")


TOOLS = Kept(
    "hms_tool_template",
    many="tool_templates",
    one="tool_template",
    fields={"name": None, "description": None, "tool_type": "function", "tool_config": {}},
    required=("name", "tool_type"),
    names_owner=True,
    check=_check_tool,
)
ANALYSES = Kept(
    "hms_analysis_template",
    many="analysis_templates",
    one="analysis_template",
    fields={"name": None, "description": None, "system_prompt": None, "user_prompt": None, "schema": {}},
    required=("name", "system_prompt", "user_prompt"),
    names_owner=True,
    check=_check_analysis,
)
TRUNKS = Kept(
    "hms_trunk",
    many="trunks",
    one="trunk",
    fields={
        "name": None,
        "provider": None,
        "address": None,
        "transport": "udp",
        "auth_username": None,
        "auth_password": None,
        "is_active": True,
    },
    required=("name", "provider", "address"),
    secret=("auth_password",),
    names_owner=True,
    check=_check_trunk,
    release=_let_go_of_trunk,
)


@keyed
def voices(world: World, request: Request, organization: Document) -> Response:
    return json_answer({"voices": VOICES})
