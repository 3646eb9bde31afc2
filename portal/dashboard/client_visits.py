"""Looking at a client's pages as the client sees them: the reason, the way in, and who looked before."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from agencies import visits
from clients.models import Client
from domains import links
from portal.dashboard.audited import audited, tell
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import actor_of, agency_of, manager_changes

_LATEST = 20


class VisitForm(forms.Form):
    reason = forms.CharField(
        label=_("Why do you look?"),
        max_length=visits.LONGEST_REASON,
        error_messages={"required": _("Say why. The client reads it.")},
        help_text=_("At least 10 characters. The client reads it together with your address."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )


@asks_again
@require_http_methods(["GET", "POST"])
@manager_changes
@audited("client.visit_asked", tells=True)
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Who looked; sent, the form gives the link that begins a visit. It is on this page alone and good for a minute."""
    client, agency, actor = get_object_or_404(Client, pk=client_id), agency_of(request), actor_of(request)
    form, way_in = VisitForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            _visit, ticket = visits.ask(client_id=client.pk, member_id=UUID(actor.id), email=actor.email, reason=reason)
        except visits.ReasonMissing as missing:
            form.add_error("reason", forms.ValidationError(str(missing)))
        else:
            tell(request, client=client.email, reason=reason)
            way_in = links.portal(agency.pk, reverse("storefront:visit", "portal.urls_portal", [ticket]))
    context = {
        "client": client,
        "form": form,
        "way_in": way_in,
        "looked": visits.of_client(client.pk, limit=_LATEST),
        "nav": "clients",
    }
    return render(request, "dashboard/client_visits.html", context)
