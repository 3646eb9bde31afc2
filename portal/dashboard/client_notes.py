"""The team's notes about a client."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from agencies import client_notes
from agencies.models import ClientNote
from clients.models import Client
from portal.dashboard.audited import audited
from portal.dashboard.roles import actor_of, agency_of, manager_changes


class NoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("New note"),
        strip=False,
        error_messages={"required": gettext_lazy("Write something first.")},
        help_text=gettext_lazy("For your team alone; the client never reads it. At most 2,000 characters."),
        widget=forms.Textarea({"rows": 4, "maxlength": client_notes.LONGEST}),
    )


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("note.written")
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Every note about a client, the newest first; sent, the form adds one."""
    client = get_object_or_404(Client, pk=client_id)
    form = NoteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            client_notes.write(client_id=client.pk, text=form.cleaned_data["text"], actor=actor_of(request).as_json())
        except client_notes.NoteRefused as refused:
            form.add_error("text", forms.ValidationError(str(refused)))
        else:
            messages.success(request, _("The note is kept."))
            return redirect("dashboard:client_notes", slug=agency_of(request).slug, client_id=client.pk)
    context = {"client": client, "form": form, "notes": client_notes.latest(client.pk), "nav": "clients"}
    return render(request, "dashboard/client_notes.html", context)


@require_POST
@manager_changes
@audited("note.struck")
def strike(request: HttpRequest, client_id: UUID, note_id: UUID) -> HttpResponse:
    """Strike a note out."""
    try:
        client_notes.strike(client_id=client_id, note_id=note_id, actor=actor_of(request).as_json())
    except ClientNote.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Struck out. It can still be read."))
    return redirect("dashboard:client_notes", slug=agency_of(request).slug, client_id=client_id)
