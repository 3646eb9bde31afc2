"""Purchases: the table, the same as a file, and one purchase with everything that became of it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from agencies import purchase_export, purchase_log
from agencies.models import Agency
from agencies.purchase_log import Choice
from billing import disputes, refunds, returns
from billing.models import Purchase
from calls import statement
from portal import money_words, wording
from portal.dashboard import rows
from portal.dashboard.audited import audited
from portal.dashboard.entrance import enters_itself
from portal.dashboard.roles import agency_of

_ROWS_A_CHUNK = 200
_STRIPE = "https://dashboard.stripe.com/"


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Every purchase, the latest first; those in one state or of some client when asked."""
    choice = _choice(request)
    page = purchase_log.page(choice, after=request.GET.get("after", ""))
    context = {
        "rows": [
            {"purchase": each, "tone": rows.tone(each), "at": wording.moment(each.created_at)}
            for each in page.purchases
        ],
        "older": _query(choice, after=page.older) if page.older else "",
        "choice": choice,
        "query": _query(choice),
        "states": Purchase.State.choices,
        "nav": "purchases",
    }
    return render(request, "dashboard/purchases.html", context)


@require_GET
@audited("export.purchases", reads=True)
def csv(request: HttpRequest) -> HttpResponseBase:
    """The chosen purchases as a file, read inside the agency's schema while it is sent."""
    response = StreamingHttpResponse(
        _chunks(_choice(request)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="purchases.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
    return enters_itself(response, agency_of(request))


@require_GET
def detail(request: HttpRequest, purchase_id: UUID) -> HttpResponse:
    """One purchase: facts, how it came to stand as it does, what went back, and what it moved in the ledger."""
    found = Purchase.objects.select_related("client").prefetch_related("refunds", "disputes")
    purchase = get_object_or_404(found, pk=purchase_id)
    context = {
        "purchase": purchase,
        "tone": rows.tone(purchase),
        "nav": "purchases",
        "steps": wording.purchase_steps(purchase),
    }
    return render(request, "dashboard/purchase.html", context | _money(agency_of(request), purchase) | _links(purchase))


def _money(agency: Agency, purchase: Purchase) -> dict[str, Any]:
    stopping = {dispute.pk for dispute in disputes.stopping(purchase.client_id)}
    entries = statement.explained(purchase.client_id, returns.caused(purchase))
    return {
        "paid_minor": returns.paid_minor(purchase),
        "left_minor": _left(purchase),
        "refunds": [money_words.refund_for_team(each) for each in purchase.refunds.order_by("created_at")],
        "disputes": [
            {"dispute": each, "line": money_words.dispute_for_team(each), "stops": each.pk in stopping}
            for each in purchase.disputes.order_by("created_at")
        ],
        "entries": [rows.of_movement(line, agency=agency, undone=()) for line in entries],
    }


def _left(purchase: Purchase) -> int:
    """What can be given back of it now, in minor units."""
    try:
        refunds.refuse_unless_refundable(purchase)
    except refunds.NotRefundable:
        return 0
    return refunds.left_minor(purchase)


def _links(purchase: Purchase) -> dict[str, Any]:
    """Where Stripe shows the payment and its disputes."""
    base = _STRIPE if purchase.livemode else f"{_STRIPE}test/"
    intent = purchase.stripe_payment_intent_id
    return {
        "payment_url": f"{base}payments/{intent}" if intent else "",
        "dispute_urls": [
            (each.stripe_dispute_id, f"{base}disputes/{each.stripe_dispute_id}") for each in purchase.disputes.all()
        ],
        "refund_ids": [each.stripe_id for each in purchase.refunds.all() if each.stripe_id],
    }


def _choice(request: HttpRequest) -> Choice:
    """What the address asks for. A state that is none is no choice."""
    state = request.GET.get("state", "")
    return Choice(state if state in Purchase.State.values else "", request.GET.get("search", "")[:120])


def _query(choice: Choice, **more: str) -> str:
    said = {"state": choice.state, "search": choice.search, **more}
    return "?" + urlencode({name: value for name, value in said.items() if value})


def _chunks(choice: Choice) -> Iterator[bytes]:
    yield purchase_export.header().encode()
    written = map(purchase_export.row, purchase_log.every(choice))
    while chunk := "".join(islice(written, _ROWS_A_CHUNK)):
        yield chunk.encode()
