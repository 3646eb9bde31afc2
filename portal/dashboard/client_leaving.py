"""One client's archive, and erasing one client. For owners alone."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from clients.models import Client
from leaving import exports, one_client
from portal.dashboard import exporting
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import actor_of, agency_of, owner_changes


class EraseForm(forms.Form):
    """Typing the client's address is what says that it is meant."""

    email = forms.CharField(
        label=gettext_lazy("Type the client's e-mail address to confirm"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


@require_GET
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """What can be given to the client, and how to erase it."""
    return _page(request, get_object_or_404(Client, pk=client_id))


@require_GET
def state(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """How far the archive is, for a page that waits."""
    client = get_object_or_404(Client, pk=client_id)
    return render(request, "dashboard/_export.html", exporting.shown(agency_of(request), client.pk))


@asks_again
@require_POST
@owner_changes
@audited("export.client")
def export(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Have the client's archive made, or go on with the one that is being made."""
    client = get_object_or_404(Client, pk=client_id)
    exports.ask(agency_id=agency_of(request).pk, asked_by=actor_of(request).as_json(), client_id=client.pk)
    return _back(request, client)


@asks_again
@require_POST
@owner_changes
@audited("export.fetched", tells=True)
def fetch(request: HttpRequest, client_id: UUID, export_id: UUID) -> HttpResponseBase:
    """The client's archive itself."""
    client = get_object_or_404(Client, pk=client_id)
    ready = exports.ready(agency_of(request).pk, client.pk)
    if ready is None or ready.pk != export_id:
        raise Http404
    return exporting.archive(request, export_id, name=f"client-{str(client.pk)[:8]}")


@asks_again
@require_POST
@owner_changes
@audited("client.erased")
def erase(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Have the client erased, once its address was typed."""
    client = get_object_or_404(Client, pk=client_id)
    form = EraseForm(request.POST)
    if not form.is_valid():
        return _page(request, client, form)
    try:
        one_client.ask(
            client_id=client.pk,
            typed=form.cleaned_data["email"],
            actor=actor_of(request).as_json(),
            now=timezone.now(),
        )
    except one_client.NotTheAddress as error:
        refuse(form, "email", str(error))
        return _page(request, client, form)
    messages.success(
        request, _("%(name)s is suspended, and erased as soon as nothing of it is on its way.") % {"name": client.name}
    )
    return _back(request, client)


def _page(request: HttpRequest, client: Client, form: EraseForm | None = None) -> HttpResponse:
    context = {
        **exporting.shown(agency_of(request), client.pk),
        "client": client,
        "form": form or EraseForm(),
        "is_asked": one_client.is_asked(client.pk),
        "is_erased": one_client.is_erased(client),
        "nav": "clients",
    }
    return render(request, "dashboard/client_leaving.html", context)


def _back(request: HttpRequest, client: Client) -> HttpResponse:
    return redirect("dashboard:client_leaving", slug=agency_of(request).slug, client_id=client.pk)
