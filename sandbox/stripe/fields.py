"""Reads single parameters and refuses, in Stripe's words, those that are missing, unknown or of the wrong form."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe.refusals import refuse

Params = dict[str, Any]
MOST_METADATA_KEYS, LONGEST_METADATA_KEY, LONGEST_METADATA_VALUE = 50, 40, 500


def only(params: Params, known: frozenset[str]) -> None:
    """Refused 400 when a parameter is not among the known ones."""
    for name in params:
        if name not in known and name != "expand":
            raise refuse(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def text(params: Params, name: str, *, longest: int = 5000) -> str | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise refuse(400, f"Invalid string: {value}", param=name)
    if len(value) > longest:
        raise refuse(400, f"Invalid string: must be at most {longest} characters", param=name)
    return value


def required(params: Params, name: str) -> str:
    value = text(params, name)
    if value is None:
        raise refuse(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    return value


def whole(params: Params, name: str, *, param: str | None = None) -> int | None:
    value = text(params, name)
    if value is None:
        return None
    try:
        return int(value)
    except ValueError as error:
        raise refuse(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=param or name) from error


def flag(params: Params, name: str, *, default: bool) -> bool:
    value = text(params, name)
    if value is None:
        return default
    if value not in ("true", "false"):
        raise refuse(400, f"Invalid boolean: {value}", param=name)
    return value == "true"


def mapping(params: Params, name: str) -> Params:
    value = params.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise refuse(400, "Invalid object", param=name)
    return value


def texts(params: Params, name: str) -> list[str] | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refuse(400, "Invalid array", param=name)
    return [str(item) for item in value]


def metadata(params: Params, before: dict[str, str] | None = None, name: str = "metadata") -> dict[str, str]:
    """The metadata after this request: given keys are set, keys given empty are taken away."""
    merged = dict(before or {})
    for key, value in mapping(params, name).items():
        if len(key) > LONGEST_METADATA_KEY or len(str(value)) > LONGEST_METADATA_VALUE:
            raise refuse(400, f"Metadata is too long: {key}", param=name)
        merged[key] = str(value)
    merged = {key: value for key, value in merged.items() if value != ""}
    if len(merged) > MOST_METADATA_KEYS:
        raise refuse(400, f"Metadata can have up to {MOST_METADATA_KEYS} keys", param=name)
    return merged


def url(params: Params, name: str) -> str | None:
    """An address with http or https and a host."""
    value = text(params, name)
    if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
        raise refuse(400, "Not a valid URL", code="url_invalid", param=name)
    return value
