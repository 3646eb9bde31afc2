"""The JSON Schema that says what a tool is to be given: whether it is one, and whether some arguments fit it.

A schema comes from whoever manages a client and the arguments from a model, so neither may cost much or reach anywhere:
references are refused, and regular expressions are left to the endpoint.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, SchemaError, ValidationError, validators

MOST_CHARACTERS = 20_000
_DEEPEST = 20
# A reference is followed, a pattern is tried in ways that may take for ever.
_REFUSED = ("$ref", "$dynamicRef", "$recursiveRef", "patternProperties")


class NotASchema(ValueError):
    """This is no JSON Schema of an object, or one that is not followed. The message is for whoever typed it."""


class WrongArguments(ValueError):
    """The arguments do not fit the schema. The message is a sentence for the assistant, or for whoever typed them."""


def _not_tried(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    yield from ()


_Validator: Any = validators.extend(Draft202012Validator, {"pattern": _not_tried})  # type: ignore[no-untyped-call]


def check(schema: Mapping[str, Any]) -> None:
    """Raise NotASchema unless this describes the arguments of a tool."""
    if not schema:
        return
    if len(_text(schema)) > MOST_CHARACTERS:
        raise NotASchema(_("This is longer than %(most)d characters.") % {"most": MOST_CHARACTERS})
    _look_through(schema, 0)
    if schema.get("type") != "object" or not isinstance(schema.get("properties", {}), Mapping):
        raise NotASchema(_('The whole is an object: write "type": "object" and list its "properties".'))
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        words = _("This is no JSON Schema. At “%(where)s”: %(reason)s")
        raise NotASchema(words % {"where": where or "/", "reason": error.message[:200]}) from error


def fit(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Raise WrongArguments unless these arguments fit the schema."""
    if len(_text(arguments)) > MOST_CHARACTERS:
        raise WrongArguments(_("The arguments are too long."))
    error = next(iter(_Validator(schema).iter_errors(arguments)), None)
    if error is not None:
        where = ".".join(str(part) for part in error.absolute_path)
        message = f"{where}: {error.message[:200]}" if where else error.message[:200]
        raise WrongArguments(_("The arguments do not fit. %(reason)s") % {"reason": message})


def properties(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """What may be given, by name, each with its own schema."""
    listed = schema.get("properties", {})
    return {name: each if isinstance(each, Mapping) else {} for name, each in listed.items()}


def _look_through(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise NotASchema(_("This is nested deeper than %(most)d times.") % {"most": _DEEPEST})
    if isinstance(value, Mapping):
        for name in _REFUSED:
            if name in value:
                raise NotASchema(_("Write it without “%(name)s”.") % {"name": name})
    rows = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for each in rows:
        _look_through(each, depth + 1)


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, default=str)
