"""Answers to what went wrong, each in the brand of the host it happened on and with one thing to do next.

Each URLconf takes them over as its `handler400` and so on, allauth its `handler429`.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from this host, or whose cookie was lost."""
    return render(request, "errors/403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django would not read."""
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A person who is known, and may not. The exception's text says what it would take."""
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere, or to something of somebody else."""
    return render(request, "errors/404.html", status=404)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The same thing tried too often in too short a time."""
    return render(request, "errors/too_many.html", status=429)


def broken(request: HttpRequest) -> HttpResponse:
    """Our own fault. The page needs no database, which may be what is broken."""
    request.agency = None  # type: ignore[attr-defined]
    return render(request, "errors/500.html", status=500)
