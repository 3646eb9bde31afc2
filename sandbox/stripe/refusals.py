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


def masked(key: str) -> str:
    """A key as Stripe repeats it in an error."""
    return f"{key[:8]}{'*' * 12}{key[-4:]}"


def right_missing(key: str, account_id: str, right: str) -> Refused:
    """A restricted key may not do this. Stripe names the right that would help, as `rak_...`."""
    return refuse(
        403,
        f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on account "
        f"'{account_id}'. Having the 'rak_{right}' permission would allow this request to continue.",
    )
