"""A client's own webhook: where it leads, what was delivered, what was in a message, and sending one again."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hms_client import webhooks
from inbox import hms_targets
from organizations import deliveries
from organizations.models import Delivery, Organization
from organizations.relay import BUSY
from outside.guarded import Why
from portal import wording
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.roles import agency_of, manager_changes
from portal.dashboard.webhook_form import WebhookForm

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_AT_ONCE = 30
_SECRET = re.compile(r"secret|token|password|authorization|api_?key|webhook_url", re.IGNORECASE)
_TONES = {Delivery.State.WAITING: "warn", Delivery.State.DELIVERED: "in", Delivery.State.FAILED: "wrong"}
_TITLES = {
    webhooks.ASSISTANT_REQUEST: gettext_lazy("Before a call"),
    webhooks.TOOL_CALLS: gettext_lazy("Tool used"),
    webhooks.STATUS_UPDATE: gettext_lazy("Call status"),
    webhooks.END_OF_CALL_REPORT: gettext_lazy("After a call"),
}
_REASONS: dict[str, "_StrPromise"] = {
    Why.ADDRESS: gettext_lazy("The address leads into a private network, which is never asked."),
    Why.NAME: gettext_lazy("There is no such name. Look at the address for a typing error."),
    Why.CONNECTION: gettext_lazy("Nobody answers there. Look whether the system runs and can be reached."),
    Why.TLS: gettext_lazy("The certificate does not fit the name, or it has ended."),
    Why.TIME: gettext_lazy("No answer in time. An endpoint should answer first and work afterwards."),
    Why.SIZE: gettext_lazy("The answer was larger than 256 KB."),
    Why.NONSENSE: gettext_lazy("What came back was no whole answer."),
    BUSY: gettext_lazy("Not sent: the endpoint failed several times, or too many messages were on their way."),
    Delivery.NO_TARGET: gettext_lazy("The webhook was removed before this could be sent."),
    Delivery.NO_BODY: gettext_lazy("The content was not kept any more."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery as it is read."""

    delivery: Delivery
    title: str
    at: str
    tone: str
    state: str
    answer: str
    reason: str
    latency: str
    has_body: bool


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("endpoint.changed", of=facts.endpoint)
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """The endpoint, which can be changed here, and what was sent there."""
    organization = _organization(client_id)
    target = hms_targets.find(organization_id=organization.pk)
    known = {"url": target.target_url, "events": target.target_events} if target else {"events": hms_targets.EVENTS}
    form = WebhookForm(request.POST or None, initial=known)
    form.fields["secret"].required = target is None
    if request.method == "POST" and form.is_valid() and _saved(organization, form):
        messages.success(request, _("Saved. The next events go there."))
        return _back(request, client_id)
    before = _moment(request.GET.get("before", ""))
    found = deliveries.latest(organization.pk, before=before, limit=_AT_ONCE + 1)
    context = {
        "client": organization.client,
        "form": form,
        "target": target,
        "rows": [row_of(one) for one in found[:_AT_ONCE]],
        "older": found[_AT_ONCE - 1].created_at.isoformat() if len(found) > _AT_ONCE else "",
        "nav": "clients",
    }
    return render(request, "dashboard/webhooks.html", context)


@require_POST
@manager_changes
@audited("endpoint.removed", of=facts.endpoint)
def remove(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Send nothing there any more."""
    hms_targets.clear(organization_id=_organization(client_id).pk)
    messages.success(request, _("Removed. Nothing is sent there any more, and the secret is forgotten."))
    return _back(request, client_id)


@require_GET
def delivery(request: HttpRequest, client_id: UUID, delivery_id: UUID) -> HttpResponse:
    """One message with its content, while that is kept and may be shown."""
    row = _delivery(client_id, delivery_id)
    content, why_not = "", ""
    try:
        content = _readable(deliveries.shown(row))
    except (deliveries.BodyGone, deliveries.BodyPrivate) as error:
        why_not = str(error)
    context = {
        "client": row.organization.client,
        "row": row_of(row, has_body=row.body_sealed is not None),
        "content": content,
        "why_not": why_not,
        "nav": "clients",
    }
    return render(request, "dashboard/webhook_delivery.html", context)


@require_POST
@manager_changes
@audited("delivery.repeated")
def again(request: HttpRequest, client_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send a message once more."""
    row = _delivery(client_id, delivery_id)
    try:
        deliveries.send_again(row.pk)
    except deliveries.BodyGone as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is on its way. Look here again in a moment."))
    return _back(request, client_id)


def _saved(organization: Organization, form: WebhookForm) -> bool:
    typed = form.cleaned_data
    try:
        hms_targets.save(
            organization_id=organization.pk, url=typed["url"], secret=typed["secret"], events=typed["events"]
        )
    except hms_targets.WrongTarget as error:
        refuse(form, error.field, str(error))
        return False
    return True


def _organization(client_id: UUID) -> Organization:
    return get_object_or_404(Organization.objects.select_related("client"), client_id=client_id)


def _delivery(client_id: UUID, delivery_id: UUID) -> Delivery:
    mine = Delivery.objects.select_related("organization__client").filter(organization__client_id=client_id)
    return get_object_or_404(mine, pk=delivery_id)


def row_of(one: Delivery, *, has_body: bool | None = None) -> Row:
    """A delivery as it is read. `has_body`: whether its content is kept, None to go by what the query said."""
    kept = bool(vars(one)["has_body"]) if has_body is None else has_body
    return Row(
        delivery=one,
        title=str(_TITLES.get(one.event, one.event)),
        at=wording.moment(one.created_at),
        tone=_TONES[Delivery.State(one.state)],
        state=_state(one),
        answer="–" if one.status is None else str(one.status),
        reason=_reason(one),
        latency="–" if one.latency_ms is None else _("%(time)d ms") % {"time": one.latency_ms},
        has_body=kept,
    )


def _state(one: Delivery) -> str:
    """How it stands: what was refused once and waits is not on its way."""
    if one.state == Delivery.State.WAITING and (one.why or one.status is not None):
        return _("Retrying")
    return one.get_state_display()


def reason_of(why: str) -> str:
    """Why there is no answer, as a sentence; "" when there is one."""
    return str(_REASONS.get(why, ""))


def _reason(one: Delivery) -> str:
    """Why it was not taken, when it was not."""
    if one.why:
        return reason_of(one.why)
    if one.status is None or 200 <= one.status < 300:
        return ""
    if 300 <= one.status < 400:
        return _("It answered with another address, and such redirects are not followed. Give the final address.")
    return _("The endpoint said no. Its own log says why.")


def _readable(body: bytes) -> str:
    """The message with a line for each value, but for what signs or leads to us."""
    try:
        return json.dumps(_hidden(json.loads(body)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return _("This is no JSON, so it cannot be shown.")


def _hidden(value: Any) -> Any:
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    if isinstance(value, dict):
        return {name: "•••" if _SECRET.search(name) and one else _hidden(one) for name, one in value.items()}
    return value


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _back(request: HttpRequest, client_id: UUID) -> HttpResponse:
    return redirect("dashboard:client_webhooks", slug=agency_of(request).slug, client_id=client_id)
