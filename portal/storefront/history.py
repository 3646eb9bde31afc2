"""What happened: the statement, as a page, on paper and as a file."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal import statements as pages
from portal.storefront import access
from portal.storefront.access import client_page


@require_GET
@client_page(also_when_off=True)
def statement(request: HttpRequest) -> HttpResponse:
    """Every movement of the balance, newest first, under the days they happened on; a month or a kind when asked."""
    wallet = request.wallet  # type: ignore[attr-defined]
    context = pages.page(_reader(request), pages.asked(request), wallet)
    return render(request, "storefront/statement.html", context | {"nav": "statement"})


@require_GET
@client_page(also_when_off=True)
def statement_sheet(request: HttpRequest) -> HttpResponse:
    """The statement for paper."""
    context = pages.sheet(_reader(request), pages.asked(request))
    return render(request, "storefront/statement_sheet.html", context | {"nav": "statement"})


@require_GET
@client_page(also_when_off=True)
def statement_csv(request: HttpRequest) -> HttpResponseBase:
    """The statement as a file."""
    return pages.csv(_reader(request), pages.asked(request))


def _reader(request: HttpRequest) -> pages.Reader:
    return pages.Reader(request.client, access.agency_of(request))  # type: ignore[attr-defined]
