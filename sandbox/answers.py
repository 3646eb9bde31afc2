"""What handlers give back: JSON answers, and Refused for every answer that is a no."""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response


class Refused(Exception):
    """An error answer with its status, its body and, if any, its headers."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def answer(self) -> Response:
        response = json_answer(self.body, self.status)
        response.headers.update(self.headers)
        return response


def json_answer(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")


def refuse(status: int, error: str, message: str = "", **extra: Any) -> Refused:
    """The flat shape: {"error": ..., "message": ...}. HMS answers so, and so do the sandbox's own controls."""
    body: dict[str, Any] = {"error": error}
    if message:
        body["message"] = message
    return Refused(status, body | extra)


def read_json(request: Request) -> dict[str, Any]:
    """The JSON object sent; an empty body is an empty object. Refused 400 for anything else."""
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise refuse(400, "Invalid JSON", "The body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise refuse(400, "Invalid JSON", "The body must be a JSON object.")
    return body
