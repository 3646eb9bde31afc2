"""Real calls while payments are in test mode: how many minutes of them the owner allows."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from calls import rehearsals
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.roles import agency_of, owner_changes


class MinutesForm(forms.Form):
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        min_value=0,
        max_value=rehearsals.MOST_SECONDS // 60,
        help_text=gettext_lazy("0: no call starts. Saving begins to count anew."),
    )


@require_POST
@owner_changes
@audited("test_calls.allowed", of=facts.test_calls)
def allow(request: HttpRequest) -> HttpResponse:
    """Keep how much test calls may use from now on."""
    agency, form = agency_of(request), MinutesForm(request.POST)
    if form.is_valid():
        rehearsals.allow(agency_id=agency.pk, seconds=form.cleaned_data["minutes"] * 60)
        messages.success(request, _("Saved. It holds from the next call on."))
    else:
        messages.error(request, " ".join(str(error) for error in form.errors["minutes"]))
    answer = redirect("dashboard:payments", slug=agency.slug)
    answer["Location"] += "#test-calls"
    return answer


def shown() -> dict[str, Any]:
    """For the page of payments; nothing while calls are no test."""
    allowed = rehearsals.allowed()
    if allowed is None:
        return {}
    return {"test_calls": allowed, "test_calls_form": MinutesForm(initial={"minutes": allowed.seconds // 60})}
