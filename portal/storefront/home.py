"""The first page: the balance and what happened last; for visitors, who this is and how to begin."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format

from billing import expiry, packages
from billing.models import Purchase
from calls import going_on, obstacles, spending, statement
from organizations.models import Organization
from portal import money_words, wording
from portal.storefront import access
from portal.storefront.access import client_page, portal_page
from portal.storefront.buying import compared

LATEST = 6
# A call that ends is seen on the balance within two seconds: one for the news to arrive, one for the page to ask.
BUSY_SECONDS, QUIET_SECONDS = 1, 15


def home(request: HttpRequest) -> HttpResponseBase:
    """A visitor's or a client's first page."""
    if request.user.is_authenticated:
        return client_home(request)
    return access.start_over(request) if request.htmx else welcome(request)  # type: ignore[attr-defined]


@portal_page
def welcome(request: HttpRequest) -> HttpResponse:
    """Who this is, what it costs, how to begin."""
    return render(request, "storefront/welcome.html", {"offers": compared(packages.listed())})


@client_page
def client_home(request: HttpRequest) -> HttpResponse:
    """The balance, what is going on, what happened last. Its living part is asked for again and again by the page."""
    going = _going(request)
    seen, before = going["seen"], request.GET.get("seen", "")
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "storefront/home.html", {"nav": "home", **going, **_picture(request)})
    if seen == before and not going["is_busy"]:
        return HttpResponse(status=204)
    changed = seen != before
    going |= {"changed": changed, "is_told": seen.partition("-")[0] != before.partition("-")[0]}
    return render(request, "storefront/_live.html", {**going, **(_picture(request) if changed else {})})


def _going(request: HttpRequest) -> dict[str, Any]:
    """What can change while the page is open, and by what a reader's picture is known to be the newest."""
    client, wallet = request.client, request.wallet  # type: ignore[attr-defined]
    calls = going_on.look(client.pk, now=timezone.now())
    organization = Organization.objects.filter(client_id=client.pk).first()
    state = organization.state if organization else Organization.State.WANTED
    in_setup = state in (Organization.State.WANTED, Organization.State.REQUESTED)
    is_busy = bool(calls) or wallet.held > 0 or in_setup
    as_of = date_format(timezone.localtime(), "H:i")
    return {
        "wallet": wallet,
        "as_of": as_of,
        "calls": [{"of": each, "title": wording.call_title(each.call)} for each in calls],
        "state": state,
        "in_setup": in_setup,
        "waiting": Purchase.objects.filter(client_id=client.pk, state=Purchase.State.PENDING, awaiting_bank=True)[:3],
        "is_busy": is_busy,
        "every": BUSY_SECONDS if is_busy else QUIET_SECONDS,
        "seen": f"{wallet.version}-{wallet.held}-{as_of}-{state}-{len(calls)}",
    }


def _picture(request: HttpRequest) -> dict[str, Any]:
    """The figures and lists around it."""
    client, wallet = request.client, request.wallet  # type: ignore[attr-defined]
    spent = spending.of(client.pk)
    name = access.agency_of(request).branding.company_name
    why = obstacles.obstacle(wallet)
    minutes = [(day, -(-seconds // 60)) for day, seconds in spent.days]
    return {
        "lines": [
            {"entry": each.entry, "told": wording.line(each, agency_name=name, under_heading=False)}
            for each in statement.page(client.pk, limit=LATEST).lines
        ],
        "expiring": expiry.coming(client.pk, timezone.now()),
        "days_left": spent.days_left(wallet.available),
        "spent": spent,
        "minutes": -(-spent.seconds // 60),
        "minutes_per_day": -(-spent.seconds // 60 // len(spent.days)),
        "bars": [{"label": date_format(day, "j M"), "value": value} for day, value in minutes],
        "busiest": max(value for _day, value in minutes) or 1,
        "obstacle": why,
        "why": money_words.why_for_client(why, wallet, agency_name=name) if why else None,
    }
