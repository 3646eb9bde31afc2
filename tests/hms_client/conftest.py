"""A made-up HMS: it records what is asked, and answers what the test says."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hms_client import HMSClient

KEY = "fl_live_0123456789abcdef"


class Wire:
    """Requests seen, answers to give (the last one again and again), seconds slept."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self._answers: list[httpx.Response | Exception] = []
        self.client = self.connect()

    def connect(self, **options: Any) -> HMSClient:
        options = {"transport": httpx.MockTransport(self._play), "clock": lambda: 1_700_000_000.0, **options}
        return HMSClient(KEY, base_url="https://hms.test/api/v1", sleep=self.slept.append, **options)

    def answers(self, body: object = None, *, status: int = 200, headers: dict[str, str] | None = None) -> "Wire":
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self._answers.append(httpx.Response(status, content=content, headers=headers))
        return self

    def breaks(self, error: Exception) -> "Wire":
        self._answers.append(error)
        return self

    def _play(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    @property
    def asked(self) -> str:
        request = self.requests[-1]
        return f"{request.method} {request.url.raw_path.decode()}"

    @property
    def sent(self) -> Any:
        content = self.requests[-1].content
        return json.loads(content) if content else None


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.client.close()


@pytest.fixture
def key() -> str:
    return KEY
