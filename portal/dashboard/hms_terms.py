"""How calls are rounded and what a minute costs, each from a day on; and what a month of calls came to under that."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agencies import call_terms, usage
from agencies.models import CallTerms
from billing import months
from calls.models import Call
from portal import wording
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.hms_forms import TermsForm
from portal.dashboard.roles import actor_of, agency_of, owner_changes


@require_http_methods(["GET", "POST"])
@owner_changes
@audited("terms.changed", of=facts.terms)
def terms(request: HttpRequest) -> HttpResponse:
    """What holds and what will, and a form to change it."""
    agency = agency_of(request)
    known = call_terms.history(agency.pk)
    held = next((row for row in known if row.from_at <= timezone.now()), None)
    form = TermsForm(held, request.POST if request.method == "POST" else None)
    if request.method == "POST" and _saved(request, form):
        messages.success(request, _("Saved. Calls that were placed before keep their terms."))
        return redirect("dashboard:hms_terms", slug=agency.slug)
    month = months.of(timezone.now())
    context = {
        "form": form,
        "held": held,
        "first_cost_micro": call_terms.COST_MICRO,
        "rows": [_row(row, is_held=row is held) for row in known],
        "used": usage.of(month),
        "used_before": usage.of(month.previous),
        "nav": "hms",
    }
    return render(request, "dashboard/hms_terms.html", context)


@require_POST
@owner_changes
@audited("terms.withdrawn", of=facts.terms)
def withdraw(request: HttpRequest, terms_id: int) -> HttpResponse:
    """Take back what was planned."""
    agency = agency_of(request)
    try:
        call_terms.withdraw(agency_id=agency.pk, terms_id=terms_id)
    except CallTerms.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Withdrawn. What holds now goes on."))
    return redirect("dashboard:hms_terms", slug=agency.slug)


def _saved(request: HttpRequest, form: TermsForm) -> bool:
    """Whether it is kept; if not, the form says why."""
    if not form.is_valid():
        return False
    typed = form.cleaned_data
    try:
        call_terms.change(
            agency_id=agency_of(request).pk,
            rounding=int(typed["rounding"]),
            cost_micro_per_minute=typed["cost"],
            cost_micro_of=form.costs,
            from_on=typed["from_on"],
            actor=actor_of(request).as_json(),
        )
    except call_terms.TermsRefused as error:
        refuse(form, error.field, str(error))
        return False
    return True


def _row(row: CallTerms, *, is_held: bool) -> dict[str, Any]:
    kinds = [(wording.call_direction(Call(direction=kind)), micro) for kind, micro in sorted(row.cost_micro_of.items())]
    return {
        "terms": row,
        "from": wording.moment(row.from_at),
        "rounding": wording.rounding(Call(rounding=str(row.rounding))),
        "kinds": kinds,
        "is_planned": row.from_at > timezone.now(),
        "is_held": is_held,
    }
