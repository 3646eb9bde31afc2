"""A portal's pages as its visitors get them, asked from inside: the whole way through every middleware, no network.

What a proxy in front adds is not seen. Nobody is signed in, and nothing is remembered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import cast

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.urls import set_urlconf
from django.utils import translation

from tenancy import door


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    path: str
    status: int
    headers: dict[str, str]
    text: str


def page(host: str, path: str) -> Page:
    """The answer to a GET for this path on this host. To be called in a worker, from whichever schema."""
    scheme = settings.PUBLIC_SCHEME
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": host,
        "SERVER_PORT": settings.PUBLIC_PORT or ("443" if scheme == "https" else "80"),
        "HTTP_HOST": host,
        "HTTP_X_FORWARDED_PROTO": scheme,
        "HTTP_ACCEPT": "text/html",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(),
    }
    # Each request is led to its schema and its language by the middleware; both are put back here.
    with door.leave(), translation.override(translation.get_language()):
        try:
            response = _handler().get_response(WSGIRequest(environ))
            # Closing it would tell Django that a request has ended, and the worker's connection with it.
            body = b"".join(cast("Iterable[bytes]", response))
        finally:
            set_urlconf(None)
    return Page(path, response.status_code, dict(response.headers), body.decode(response.charset or "utf-8", "replace"))


@cache
def _handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler
