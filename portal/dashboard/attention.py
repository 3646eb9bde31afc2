"""Needs attention: what does not add up, with its facts, one thing to do, and a sentence that closes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from agencies import attention, discrepancies, overview
from agencies.attention import Action, Item
from agencies.models import Agency, Discrepancy
from portal import wording
from portal.dashboard.audited import audited
from portal.dashboard.roles import actor_of, agency_of, manager_changes
from portal.templatetags.figures import minutes_seconds, money

_ICONS = {
    Discrepancy.Kind.STRAY_PAYMENT: "credit-card",
    Discrepancy.Kind.STRIPE: "scale",
    Discrepancy.Kind.LEDGER: "link",
    Discrepancy.Kind.CONFLICT: "git-compare",
    Discrepancy.Kind.EVENT: "webhook",
    Discrepancy.Kind.CONTROL: "clock",
    Discrepancy.Kind.STRAY_CALLS: "phone",
}
_ACTIONS = {
    Action.OPEN_IN_STRIPE: ("external-link", gettext_lazy("Open in Stripe")),
    Action.REFUND_IN_STRIPE: ("external-link", gettext_lazy("Refund it in Stripe")),
    Action.ALLOCATE: ("gift", gettext_lazy("Allocate by hand")),
    Action.OPEN_CLIENT: ("user", gettext_lazy("Open the client")),
    Action.OPEN_MINUTES: ("phone", gettext_lazy("See the calls")),
    Action.LOOK_AGAIN: ("refresh", gettext_lazy("Look again")),
}
# The names of facts for people; one that is not named here is shown as it is.
_NAMES = {
    "session": gettext_lazy("Checkout session"),
    "payment_intent": gettext_lazy("Payment"),
    "payment_status": gettext_lazy("Payment status"),
    "mode": gettext_lazy("Mode"),
    "created": gettext_lazy("Made at Stripe"),
    "buyer": gettext_lazy("Paid by"),
    "reference": gettext_lazy("Reference"),
    "purchase": gettext_lazy("Purchase"),
    "event": gettext_lazy("Event"),
    "type": gettext_lazy("Kind of event"),
    "note": gettext_lazy("What went wrong"),
    "rule": gettext_lazy("Rule"),
    "kind": gettext_lazy("Kind of entry"),
    "source": gettext_lazy("Told by"),
    "source_id": gettext_lazy("Number"),
    "entry": gettext_lazy("Entry"),
    "ours": gettext_lazy("Here"),
    "theirs": gettext_lazy("At Stripe"),
    "seconds": gettext_lazy("Time"),
    "difference_seconds": gettext_lazy("HMS counts more by"),
    "calls": gettext_lazy("Calls"),
    "organization": gettext_lazy("HMS organization"),
    "organization_id": gettext_lazy("Its id"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as it is read. `summary` is how much, whose and since when, in one line; `href` is the page that it leads
    to, "" for a button that looks again; `facts` have names."""

    item: Item
    icon: str
    summary: str
    href: str
    action_icon: str
    action: str
    facts: list[tuple[str, str]]


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """What waits, the latest first, and what was resolved last."""
    return _page(request)


@require_POST
@manager_changes
@audited("attention.resolved", typed=["resolution"])
def resolve(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Close one thing with a sentence."""
    try:
        attention.resolve(
            item_id=item_id, resolution=request.POST.get("resolution", ""), actor=actor_of(request).as_json()
        )
    except Discrepancy.DoesNotExist as error:
        raise Http404 from error
    except discrepancies.ResolutionMissing:
        return _page(request, unsaid=item_id)
    messages.success(request, _("Resolved. Your sentence is kept below."))
    return redirect("dashboard:attention", slug=agency_of(request).slug)


@require_POST
@manager_changes
def look_again(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Have us compare once more."""
    try:
        attention.look_again(item_id=item_id)
    except Discrepancy.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("We are looking again. Come back to this page in a minute."))
    return redirect("dashboard:attention", slug=agency_of(request).slug)


def _page(request: HttpRequest, *, unsaid: UUID | None = None) -> HttpResponse:
    agency = agency_of(request)
    context = {
        "endpoint": overview.about_endpoint(agency),
        "domains": overview.about_domains(agency),
        "shown": [_shown(item, agency) for item in attention.items()],
        "resolved": [(row, _how(row)) for row in attention.latest_resolved()],
        "unsaid": unsaid,
        "nav": "attention",
    }
    return render(request, "dashboard/attention.html", context)


def _shown(item: Item, agency: Agency) -> Shown:
    icon, label = _ACTIONS[item.action]
    return Shown(
        item=item,
        icon=_ICONS[item.kind],
        summary=" · ".join(_summary(item)),
        href=_href(item, agency),
        action_icon=icon,
        action=str(label),
        facts=list(_facts(item.facts)),
    )


def _summary(item: Item) -> Iterator[str]:
    amount, currency = item.facts.get("amount_minor"), str(item.facts.get("currency") or "")
    if isinstance(amount, int) and currency:
        yield money(amount, currency)
    if whose := item.client.name if item.client else str(item.facts.get("buyer") or ""):
        yield whose
    yield str(item.kind.label)
    yield wording.moment(item.found_at)


def _href(item: Item, agency: Agency) -> str:
    if item.action in (Action.OPEN_IN_STRIPE, Action.REFUND_IN_STRIPE):
        mode, payment = "" if item.facts.get("livemode") else "test/", item.facts.get("payment_intent")
        # The payment of a subscription is its invoice's, and its session does not name it.
        return f"https://dashboard.stripe.com/{mode}{f'payments/{payment}' if payment else 'subscriptions'}"
    if item.action is Action.OPEN_MINUTES:
        return reverse("dashboard:hms_totals", args=[agency.slug])
    if item.action is Action.LOOK_AGAIN or item.client is None:
        return ""
    client = reverse("dashboard:client", args=[agency.slug, item.client.pk])
    return f"{client}#allocate" if item.action is Action.ALLOCATE else client


def _facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Facts worth showing, in the order in which they were kept; an amount with its currency, a time as people read."""
    currency = str(facts.get("currency") or "")
    for name, value in facts.items():
        if name == "livemode":
            yield _("Money"), _("real") if value else _("test")
        elif name.endswith("_minor") and value is not None and currency:
            yield _amount_name(name), money(value, currency)
        elif name in ("seconds", "difference_seconds") and isinstance(value, int):
            yield str(_NAMES[name]), minutes_seconds(value)
        elif name == "created" and (at := parse_datetime(str(value))) and at.year > 1970:
            yield str(_NAMES[name]), wording.moment(at)
        elif name not in ("currency", "created") and value not in ("", None):
            yield str(_NAMES.get(name, name)), str(value)


def _amount_name(name: str) -> str:
    names = {
        "amount_minor": _("Amount"),
        "subtotal_minor": _("Before taxes and discounts"),
        "ours_minor": _("Here"),
        "theirs_minor": _("At Stripe"),
    }
    return names.get(name, name)


def _how(row: Discrepancy) -> str:
    """Who resolved it and when."""
    at: datetime = row.resolved_at or row.seen_at
    who = row.resolved_by.get("email") or _("by itself")
    return f"{who} · {wording.moment(at)}"
