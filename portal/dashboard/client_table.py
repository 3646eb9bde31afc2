"""The table of clients, the same as a file, and who began to sign up and is no client yet."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from agencies import client_export, client_invitations, directory, sign_ups
from agencies.directory import Choice, Order, Show
from portal import wording
from portal.dashboard import rows
from portal.dashboard.audited import audited
from portal.dashboard.entrance import enters_itself
from portal.dashboard.roles import agency_of
from portal.storefront.access import in_test_mode

_ROWS_A_CHUNK = 200
_UNFINISHED = 50
_SHOWS = {
    Show.ALL: _("Everybody"),
    Show.ACTIVE: _("Active"),
    Show.SUSPENDED: _("Suspended"),
    Show.EMPTY: _("Without credits"),
    Show.SILENT: _("Never called"),
    Show.NOT_READY: _("Organization not ready"),
}
_ORDERS = {
    Order.LATEST: _("Latest first"),
    Order.EMAIL: _("E-mail, A to Z"),
    Order.LEAST: _("Fewest credits first"),
    Order.MOST: _("Most credits first"),
}
_STEPS = {
    sign_ups.Step.CODE: _("Has not entered the code from the e-mail"),
    sign_ups.Step.ARRIVAL: _("Was interrupted after the code; signing in again is enough"),
}


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Everybody who has signed up, the latest first, or those and in the order that the address asks for."""
    choice, after = _choice(request), request.GET.get("after", "")
    is_chosen = bool(choice.search or choice.show)
    page = directory.page(choice, livemode=not in_test_mode(agency_of(request)), after=after)
    context = {
        "rows": [{"client": row, "paid": rows.of_sums(row.paid_minor)} for row in page.rows],
        "older": _query(choice, after=page.older) if page.older else "",
        "query": _query(choice),
        "choice": choice,
        "is_chosen": is_chosen,
        "shows": _SHOWS.items(),
        "orders": _ORDERS.items(),
        "unfinished": [] if after or choice.show else _unfinished(choice.search),
        "invited": [] if after or is_chosen else _invited(),
        "nav": "clients",
    }
    return render(request, "dashboard/clients.html", context)


@require_GET
@audited("export.clients", reads=True)
def csv(request: HttpRequest) -> HttpResponseBase:
    """The chosen clients as a file, read inside the agency's schema while it is sent."""
    agency = agency_of(request)
    response = StreamingHttpResponse(
        _chunks(_choice(request), livemode=not in_test_mode(agency)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="clients.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
    return enters_itself(response, agency)


def _choice(request: HttpRequest) -> Choice:
    """What the address asks for. What is none of ours is no choice."""
    show, order = request.GET.get("show", ""), request.GET.get("order", "")
    return Choice(
        search=request.GET.get("search", "")[:120],
        show=Show(show) if show in set(Show) else Show.ALL,
        order=Order(order) if order in set(Order) else Order.LATEST,
    )


def _query(choice: Choice, **more: str) -> str:
    said = {"search": choice.search, "show": choice.show.value, "order": choice.order.value, **more}
    return "?" + urlencode({name: value for name, value in said.items() if value})


def _unfinished(search: str) -> list[dict[str, Any]]:
    return [
        {"email": each.email, "step": _STEPS[each.step], "at": wording.moment(each.began_at)}
        for each in sign_ups.unfinished(search=search, limit=_UNFINISHED)
    ]


def _invited() -> list[dict[str, Any]]:
    now, found = timezone.now(), []
    for each in client_invitations.pending():
        said = [_("ran out") if each.expires_at <= now else _("until %s") % wording.moment(each.expires_at)]
        said += [] if each.sent_at else [_("the mail is on its way")]
        said += [_("%s welcome credits") % each.credits] if each.credits else []
        found.append({"id": each.pk, "title": each.email, "meta": " · ".join([each.name, *map(str, said)])})
    return found


def _chunks(choice: Choice, *, livemode: bool) -> Iterator[bytes]:
    yield client_export.header().encode()
    written = map(client_export.row, directory.every(choice, livemode=livemode))
    while chunk := "".join(islice(written, _ROWS_A_CHUNK)):
        yield chunk.encode()
