"""Tokens for the programs of a client, made or revoked by the agency."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients.models import Client
from portal import tokens
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import actor_of, agency_of, manager_changes


@asks_again
@require_http_methods(["GET", "POST"])
@manager_changes
@audited("token.changed", of=facts.tokens)
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """A client's tokens; sent, the form makes a new one and shows it once."""
    client = get_object_or_404(Client, pk=client_id)
    agency = agency_of(request)

    def revoke_url(token_id: UUID) -> str:
        return reverse("dashboard:revoke_token", args=[agency.slug, client.pk, token_id])

    context = tokens.page(request, client, actor=actor_of(request), agency_id=agency.pk, revoke_url=revoke_url)
    return render(request, "dashboard/tokens.html", {"nav": "clients", "client": client, **context})


@asks_again
@require_POST
@manager_changes
@audited("token.revoked", of=facts.tokens)
def revoke(request: HttpRequest, client_id: UUID, token_id: UUID) -> HttpResponse:
    """Let nobody in by this token any more."""
    client = get_object_or_404(Client, pk=client_id)
    row = tokens.revoke(client, token_id)
    messages.success(request, _("“%(name)s” lets nobody in any more.") % {"name": row.name})
    return redirect("dashboard:client_tokens", slug=agency_of(request).slug, client_id=client.pk)
