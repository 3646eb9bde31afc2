"""What may describe a tool's arguments, and whether arguments fit: reaching nowhere, and soon over."""

import time
from decimal import Decimal
from typing import Any

import pytest

from organizations import tool_schemas

PHONE: dict[str, Any] = {
    "type": "object",
    "properties": {"phone": {"type": "string", "description": "In E.164"}, "most": {"type": "integer"}},
    "required": ["phone"],
}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _level in range(depth):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


@pytest.mark.parametrize("schema", [{}, PHONE, {"type": "object"}, nested(5)])
def test_a_schema_of_an_object_is_one(schema: dict[str, Any]) -> None:
    tool_schemas.check(schema)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "The whole is an object"),
        ({"phone": {"type": "string"}}, "The whole is an object"),
        ({"type": "object", "properties": {"phone": {"type": "telephone"}}}, "At “properties/phone/type”"),
        ({"type": "object", "properties": {"x": {"$ref": "https://intern.test/x.json"}}}, "without “$ref”"),
        ({"type": "object", "properties": {"x": {"$ref": "#"}}}, "without “$ref”"),
        ({"type": "object", "patternProperties": {"(a+)+$": {}}}, "without “patternProperties”"),
        (nested(20), "nested deeper"),
        ({"type": "object", "description": "x" * 20_000}, "longer than 20000"),
    ],
)
def test_what_is_none_or_is_not_followed_is_refused_with_the_reason(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(tool_schemas.NotASchema, match=words.replace("$", r"\$")):
        tool_schemas.check(schema)


@pytest.mark.parametrize("arguments", [{"phone": "+31201234567"}, {"phone": "1", "most": 3}, {"phone": "1", "x": None}])
def test_arguments_fit(arguments: dict[str, Any]) -> None:
    tool_schemas.fit(PHONE, arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "'phone' is a required property"),
        ({"phone": 3}, "phone: 3 is not of type 'string'"),
        ({"phone": "1", "most": Decimal("1.5")}, "most: "),
        ({"phone": "x" * 20_000}, "too long"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_a_sentence(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(tool_schemas.WrongArguments, match=words):
        tool_schemas.fit(PHONE, arguments)


def test_a_pattern_that_takes_for_ever_is_not_tried() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}
    tool_schemas.check(schema)
    begun = time.monotonic()
    tool_schemas.fit(schema, {"x": "a" * 60 + "!"})
    assert time.monotonic() - begun < 5
