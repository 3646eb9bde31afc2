"""How long HMS keeps a client's calls: a page with two choices."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from agencies.models import Membership
from hms_client import HMSError
from organizations import refusals, retention
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.organization.place import Place, enters
from portal.dashboard.roles import owner_changes

if TYPE_CHECKING:
    from portal.dashboard.organization.fields import Words


def _days(number: int) -> "Words":
    return format_lazy("{} {}", number, gettext_lazy("days"))


class RetentionForm(forms.Form):
    content_days = forms.TypedChoiceField(
        label=gettext_lazy("Transcripts, summaries and recordings are kept for"),
        choices=[(each, _days(each)) for each in retention.CONTENT_DAYS],
        coerce=int,
        help_text=gettext_lazy("After that HMS removes them, and they do not show here any more."),
    )
    metadata_days = forms.TypedChoiceField(
        label=gettext_lazy("Who called is kept for"),
        choices=[(each, _days(each)) for each in retention.METADATA_DAYS],
        coerce=int,
        help_text=gettext_lazy("Numbers of callers, and what belongs to a campaign. Balances and statements stay."),
    )


_NAMES = {"content_retention_days": "content_days", "metadata_retention_days": "metadata_days"}


def page(place: Place) -> HttpResponse:
    """What is set, as far as it was set here, and a form to set it."""
    known = {name: getattr(place.organization, name) for name in RetentionForm.base_fields}
    form = RetentionForm(place.request.POST or None, initial={name: value or 365 for name, value in known.items()})
    if place.request.method == "POST" and form.is_valid() and _kept(place, form):
        messages.success(place.request, _("Saved at HMS."))
        return place.go("retention")
    context = {"form": form, "known": known["content_days"] is not None, "may_change": place.may(Membership.Role.OWNER)}
    return place.show("retention.html", "retention", context)


def _kept(place: Place, form: RetentionForm) -> bool:
    try:
        retention.keep(place.organization, **form.cleaned_data)
    except retention.ContentOutlivesCalls as error:
        refuse(form, "content_days", str(error))
    except HMSError as error:
        refusal = refusals.explain(error, _NAMES)
        for name, sentence in (*refusal.fields.items(), ("", refusal.sentence)):
            if sentence:
                refuse(form, name, sentence)
    return form.is_valid()


def paths() -> list[URLPattern]:
    keeps_log = audited("retention.changed", of=facts.organization, outside=True)
    view = require_http_methods(["GET", "POST"])(owner_changes(keeps_log(enters("retention")(page))))
    return [path("clients/<uuid:client_id>/organization/retention/", view, name="organization_retention")]
