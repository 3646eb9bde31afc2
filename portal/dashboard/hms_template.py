"""Which assistant of the agency's own organization new clients begin with a copy of."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hms_client import HMSError
from organizations import hms, refusals, template_assistant
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.roles import agency_of, manager_changes


class TemplateForm(forms.Form):
    assistant = forms.ChoiceField(
        label=gettext_lazy("Assistant"),
        required=False,
        help_text=gettext_lazy("It is read at HMS when a client signs up, so what you change there counts at once."),
    )


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("hms.template_chosen", of=facts.hms, outside=True)
def page(request: HttpRequest) -> HttpResponse:
    """Choose the template, or none."""
    form, refusal = TemplateForm(request.POST or None, initial={"assistant": template_assistant.chosen()}), None
    chosen = form.fields["assistant"]
    try:
        found = [(each.id, each.name) for each in template_assistant.choices()]
    except (HMSError, hms.NoKey) as error:
        found, refusal = [], refusals.explain(error, only_read=True)
    if isinstance(chosen, forms.ChoiceField):
        chosen.choices = [("", _("A plain assistant")), *found]
    if request.method == "POST" and refusal is None and form.is_valid():
        template_assistant.choose(form.cleaned_data["assistant"])
        messages.success(request, _("Saved. It counts from the next client on."))
        return redirect("dashboard:hms_template", slug=agency_of(request).slug)
    context = {"form": form, "refusal": refusal, "found": found, "nav": "hms"}
    return render(request, "dashboard/hms_template.html", context)
