"""Notifications: what the agency was told, read or unread for each person, and which of it is mailed to them.

Reading and choosing mails is each person's own, so every role may.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agencies import low_balances, notices, notifying
from agencies.models import Agency, Membership
from notifications.models import Kind, Notification
from portal import notice_words, wording
from portal.dashboard import facts
from portal.dashboard.audited import audited, tell
from portal.dashboard.forms import refuse
from portal.dashboard.roles import actor_of, agency_of, manager_changes

_ICONS = {
    Kind.MINUTES: ("clock", "warn"),
    Kind.LOW_BALANCE: ("coins", "warn"),
    Kind.WEBHOOK: ("webhook", "wrong"),
    Kind.DELIVERY: ("webhook", "warn"),
    Kind.DOMAIN: ("world", ""),
    Kind.DISPUTE: ("scale", "wrong"),
    Kind.REFUND: ("arrow-back-up", ""),
    Kind.NEW_CLIENT: ("user-plus", "in"),
}
_MEANS = {
    Kind.MINUTES: gettext_lazy("Your minutes at HMS fall below the lines that you chose."),
    Kind.LOW_BALANCE: gettext_lazy("Clients fall below the line. Once a day, all in one mail."),
    Kind.WEBHOOK: gettext_lazy("Stripe's messages do not arrive. Once a day while it is so."),
    Kind.DELIVERY: gettext_lazy("A client's webhook did not take a message in three days. At most one mail a day."),
    Kind.DOMAIN: gettext_lazy("A domain is proved, fails, is switched off or belongs to somebody else."),
    Kind.DISPUTE: gettext_lazy("A bank wants a payment back, or has decided. At most one mail a day."),
    Kind.REFUND: gettext_lazy("Money went back, or a refund failed. At most one mail a day."),
    Kind.NEW_CLIENT: gettext_lazy("Somebody signed up. At most one mail a day."),
}


class ChoicesForm(forms.Form):
    """Which kinds are mailed to whoever asks."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Mail me about"),
        choices=Kind.choices,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose from the list.")},
    )


class LineForm(forms.Form):
    """Below how many credits a client's balance is low."""

    credits = forms.IntegerField(
        label=gettext_lazy("Low below this many credits"),
        help_text=gettext_lazy("You hear of a client once, whenever the balance falls below. 0 is never."),
        error_messages={
            "required": gettext_lazy("Type a whole number, such as 10."),
            "invalid": gettext_lazy("Type a whole number, such as 10."),
        },
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What the agency was told, the latest first."""
    agency, asked = agency_of(request), request.GET.get("kind", "")
    kind = Kind(asked) if asked in Kind.values else None
    only_unread = request.GET.get("show") == "unread"
    found = notices.page(
        agency_id=agency.pk,
        user_id=actor_of(request).id,
        kind=kind,
        only_unread=only_unread,
        after=request.GET.get("after", ""),
    )
    names = notice_words.names_of(row for row, _is_unread in found.rows)
    chosen = {"kind": kind.value if kind else "", "show": "unread" if only_unread else ""}
    context = {
        "rows": [_shown(row, is_unread, names, agency) for row, is_unread in found.rows],
        "older": "?" + urlencode({**chosen, "after": found.older}) if found.older else "",
        "kinds": Kind.choices,
        "chosen": chosen,
        "is_chosen": any(chosen.values()),
        "nav": "notifications",
        "section": "list",
    }
    return render(request, "dashboard/notifications.html", context)


@require_POST
def read_one(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Mark one as read by whoever asks, and lead on to where one acts; or mark it as unread again."""
    agency, is_read = agency_of(request), request.POST.get("read") != "no"
    try:
        row = notices.read_one(
            agency_id=agency.pk,
            user_id=actor_of(request).id,
            notification_id=notice_id,
            is_read=is_read,
            now=timezone.now(),
        )
    except Notification.DoesNotExist as error:
        raise Http404 from error
    if request.POST.get("then") == "open":
        return redirect(notice_words.told(row, notice_words.names_of([row]), slug=agency.slug).href)
    return _back(request)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read by whoever asks."""
    notices.read_all(agency_id=agency_of(request).pk, user_id=actor_of(request).id, now=timezone.now())
    messages.success(request, _("Everything is read."))
    return _back(request)


@require_http_methods(["GET", "POST"])
@audited("notifications.chosen", tells=True)
def choices(request: HttpRequest) -> HttpResponse:
    """Which kinds are mailed to whoever asks."""
    agency, user_id = agency_of(request), actor_of(request).id
    form = ChoicesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        kinds = [Kind(value) for value in form.cleaned_data["kinds"]]
        notifying.choose(agency_id=agency.pk, user_id=user_id, kinds=kinds)
        tell(request, mails=", ".join(sorted(kind.value for kind in kinds)))
        messages.success(request, _("Saved. It counts for mails from now on."))
        return redirect("dashboard:notification_choices", slug=agency.slug)
    return _choices(request, form)


@require_POST
@manager_changes
@audited("alerts.line_changed", of=facts.agency)
def line(request: HttpRequest) -> HttpResponse:
    """Say below how many credits a client's balance is low."""
    agency, form = agency_of(request), LineForm(request.POST)
    if form.is_valid():
        try:
            low_balances.choose(agency_id=agency.pk, credits=form.cleaned_data["credits"])
        except low_balances.LineRefused as error:
            refuse(form, "credits", str(error))
        else:
            low_balances.look_soon()
            messages.success(request, _("Saved."))
            return redirect("dashboard:notification_choices", slug=agency.slug)
    return _choices(request, ChoicesForm(), form)


def _choices(request: HttpRequest, form: ChoicesForm, line_form: LineForm | None = None) -> HttpResponse:
    agency, actor = agency_of(request), actor_of(request)
    member = Membership.objects.get(agency_id=agency.pk, user_id=actor.id)
    mailed = notifying.mailed_kinds(member)
    context = {
        "form": form,
        "kinds": [(kind, kind.label, _MEANS[kind], kind in mailed) for kind in Kind],
        "is_usual": member.mailed_kinds is None,
        "role": member.get_role_display(),
        "line_form": line_form or LineForm(initial={"credits": agency.low_balance_credits}),
        "line": agency.low_balance_credits,
        "nav": "notifications",
        "section": "mails",
    }
    return render(request, "dashboard/notification_choices.html", context)


def _shown(row: Notification, is_unread: bool, names: notice_words.Names, agency: Agency) -> dict[str, Any]:
    icon, tone = _ICONS[Kind(row.kind)]
    return {
        "row": row,
        "told": notice_words.told(row, names, slug=agency.slug),
        "icon": icon,
        "tone": tone,
        "is_unread": is_unread,
        "meta": f"{Kind(row.kind).label} · {wording.moment(row.last_at)}",
    }


def _back(request: HttpRequest) -> HttpResponse:
    """The page as it was chosen."""
    chosen = {name: request.POST.get(name, "") for name in ("kind", "show", "after")}
    query = urlencode({name: value for name, value in chosen.items() if value})
    answer = redirect("dashboard:notifications", slug=agency_of(request).slug)
    if query:
        answer["Location"] += f"?{query}"
    return answer
