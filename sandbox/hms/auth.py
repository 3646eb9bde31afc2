"""One key opens one organization: every handler gets the organization of its key and sees nothing of any other."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import settings
from sandbox.answers import Refused, refuse
from sandbox.hms.limits import Count
from sandbox.store import Document
from sandbox.world import World

Handler = Callable[..., Response]


def organization_of(world: World, request: Request) -> Document:
    """The organization whose key the request bears. Refused 401."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise refuse(401, "Unauthorized", "The API key is missing.")
    holder = world.store.get("hms_key", key.strip())
    organization = world.store.get("hms_organization", holder["organization"]) if holder else None
    if organization is None:
        raise refuse(401, "Invalid API key")
    return organization


def keyed(handler: Handler) -> Handler:
    """Wraps handler(world, request, organization, **path) with the key check and the limit per key."""

    @wraps(handler)
    def checked(world: World, request: Request, **path: Any) -> Response:
        organization = organization_of(world, request)
        limit = settings.read(world.store, "hms")["rate_limit"]
        count = world.limiter.count(organization["id"], int(limit))
        if count.exceeded:
            raise too_many(count)
        try:
            response = handler(world, request, organization, **path)
        except Refused as refused:
            refused.headers = count.headers() | refused.headers
            raise
        for name, value in count.headers().items():
            response.headers.setdefault(name, value)
        return response

    return checked


def too_many(count: Count) -> Refused:
    """The 429 with its four headers."""
    refused = refuse(429, "Rate limit exceeded", retry_after=count.seconds_left())
    refused.headers = count.headers()
    return refused
