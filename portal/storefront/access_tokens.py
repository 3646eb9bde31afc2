"""Tokens for the client's own programs."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal import tokens
from portal.storefront.access import agency_of, client_page


@require_http_methods(["GET", "POST"])
@client_page
def page(request: HttpRequest) -> HttpResponse:
    """The client's tokens; sent, the form makes a new one and shows it once."""
    client, actor = request.client, request.actor  # type: ignore[attr-defined]
    context = tokens.page(request, client, actor=actor, agency_id=agency_of(request).pk, revoke_url=_revoke_url)
    return render(request, "storefront/tokens.html", {"nav": "tokens", **context})


@require_POST
@client_page(also_when_off=True)
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Let nobody in by this token any more."""
    row = tokens.revoke(request.client, token_id)  # type: ignore[attr-defined]
    messages.success(request, _("“%(name)s” lets nobody in any more.") % {"name": row.name})
    return redirect("storefront:tokens")


def _revoke_url(token_id: UUID) -> str:
    return reverse("storefront:revoke_token", args=[token_id])
