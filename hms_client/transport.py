"""The only place that speaks HTTP: one key, one way to fail, retries only where they are safe.

Ids in paths are encoded, and ids that would change the path are refused. Log lines name the route,
never an id (HMS's call ids can hold a caller's number), a body or a key.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeAlias
from urllib.parse import quote, urlsplit

import httpx

from hms_client import errors
from hms_client.constants import MAX_ANSWER_BYTES, USER_AGENT
from hms_client.refusals import error_for
from hms_client.retries import wait_before
from hms_client.values import MASK, Json, decode, encode, wire_time

QueryValue: TypeAlias = "str | int | bool | datetime | date | None"

_logger = logging.getLogger("hms_client")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class Transport:
    """Sends requests with one organization's key. Safe to share between threads, as httpx.Client is."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        timeout: float | httpx.Timeout,
        max_retries: int,
        http: httpx.Client,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api_key = checked_key(api_key)
        self.base_url = checked_url(base_url)
        self._timeout, self._max_retries = timeout, max_retries
        self._http, self._sleep, self._clock = http, sleep, clock

    def __repr__(self) -> str:
        return f"Transport(base_url={self.base_url!r}, api_key={MASK!r})"

    def request(
        self,
        method: str,
        route: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, object] | None = None,
        url: str | None = None,
        authenticated: bool = True,
        without: frozenset[str] = frozenset(),
    ) -> Json:
        """Send one request and return its JSON; None for an empty answer. Fields named in `without` are passed over.

        `route` is the path below the base URL with `{names}`, filled from `path`; `url` replaces both.
        Query values of None are left out, values of None inside `body` are sent as null.
        Raises an HMSError of hms_client.errors, and nothing else.
        """
        request = self._http.build_request(
            method,
            url or self.base_url + filled(route, path or {}),
            params=_query(query or {}),
            headers=self._headers(authenticated=authenticated, has_body=body is not None),
            content=None if body is None else _encoded(body),
            timeout=self._timeout,
        )
        return self._send_with_retries(request, f"{method} {route}", without)

    def _send_with_retries(self, request: httpx.Request, where: str, without: frozenset[str]) -> Json:
        attempt, may_be_done = 0, False
        while True:
            try:
                return self._send(request, where, without)
            except errors.HMSError as error:
                if may_be_done and request.method == "DELETE" and isinstance(error, errors.NotFound):
                    return None  # an earlier attempt, whose answer was lost, has deleted it
                wait = wait_before(error, method=request.method, attempt=attempt)
                if wait is None or attempt >= self._max_retries:
                    raise
                may_be_done = may_be_done or error.outcome_unknown
                _logger.warning("retry request=%r cause=%s wait_seconds=%s", where, type(error).__name__, wait)
            attempt += 1
            self._sleep(wait)

    def _send(self, request: httpx.Request, where: str, without: frozenset[str]) -> Json:
        failure: errors.HMSError
        try:
            response = self._http.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                return self._read(response, _bounded(response, where), where, without)
            finally:
                response.close()
        except httpx.DecodingError as error:
            failure = errors.UnexpectedAnswer(f"{where}: {error}")
        except httpx.RequestError as error:
            kind = errors.TimedOut if isinstance(error, httpx.TimeoutException) else errors.ConnectionFailed
            said = f"{where}: {type(error).__name__} {error}"
            failure = kind(said, outcome_unknown=not isinstance(error, _NEVER_SENT))
        raise failure  # out here, so that httpx's error (it holds the request and its key) is not chained

    def _read(self, response: httpx.Response, content: bytes, where: str, without: frozenset[str]) -> Json:
        readable = True
        if not response.is_success:  # a refusal may quote the key it refuses
            content = content.replace(self._api_key.encode(), MASK.encode())
        body: Json = None
        try:
            body = decode(content, without=without) if content.strip() else None
        except ValueError:
            readable, body = False, content.decode(errors="replace").replace(self._api_key, MASK)
        status = response.status_code
        if not response.is_success:
            raise error_for(where, status=status, headers=response.headers, body=body, now=self._clock())
        if not readable:
            raise errors.UnexpectedAnswer(f"{where}: {status} without readable JSON", status=status, body=body)
        return body

    def _headers(self, *, authenticated: bool, has_body: bool) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if authenticated:
            headers["Authorization"] = f"Bearer {self._api_key}"
        if has_body:
            headers["Content-Type"] = "application/json"
        return headers


def checked_key(api_key: str) -> str:
    """Return the key. Raises InvalidArgument for one that cannot stand in a header, without repeating it."""
    if not api_key or not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise errors.InvalidArgument("the API key must be plain text without spaces")
    return api_key


def checked_url(url: str) -> str:
    """Return an http(s) address without a slash at its end. Raises InvalidArgument for any other."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise errors.InvalidArgument("an address must be plain http(s)://host/path")
    return url.rstrip("/")


def filled(route: str, path: Mapping[str, str]) -> str:
    """Return `route` with its names replaced by encoded ids. Raises InvalidArgument for an id that is no id."""
    for name, value in path.items():
        if value in ("", ".", ".."):
            raise errors.InvalidArgument(f"{name} must be an id")
        route = route.replace(f"{{{name}}}", quote(value, safe=""))
    return route


def _query(values: Mapping[str, QueryValue]) -> dict[str, str]:
    try:
        return {name: _query_text(value) for name, value in values.items() if value is not None}
    except ValueError as error:
        raise errors.InvalidArgument(str(error)) from None


def _query_text(value: str | int | bool | datetime | date) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else wire_time(value)


def _encoded(body: Mapping[str, object]) -> bytes:
    try:
        return encode(body)
    except (TypeError, ValueError) as error:
        raise errors.InvalidArgument(str(error)) from None


def _bounded(response: httpx.Response, where: str) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise errors.UnexpectedAnswer(f"{where}: the answer is larger than {MAX_ANSWER_BYTES} bytes")
    return bytes(content)
