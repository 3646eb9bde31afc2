"""Stripe's error answers: {"error": {"type", "code", "message", "param"}} with the status that goes with them."""

from typing import Any

from sandbox.answers import Refused


def refuse(
    status: int, message: str, *, code: str | None = None, param: str | None = None, kind: str = "invalid_request_error"
) -> Refused:
    error: dict[str, Any] = {"type": kind, "message": message}
    if code:
        error["code"] = code
        error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
    if param:
        error["param"] = param
    return Refused(status, {"error": error})


def missing(what: str, id_: str, *, param: str = "id", status: int = 404) -> Refused:
    """No such object in this account: 404 in a path, 400 in a parameter."""
    return refuse(status, f"No such {what}: '{id_}'", code="resource_missing", param=param)
