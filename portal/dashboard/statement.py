"""A client's statement as the agency reads it: the client's own lines, and who of the team gave credits."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from billing import wallets
from clients.models import Client
from portal import statements
from portal.dashboard.audited import audited
from portal.dashboard.roles import agency_of
from portal.statements import Reader


@require_GET
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Every movement, newest first; a month or a kind when asked."""
    reader = _reader(request, client_id)
    context = statements.page(reader, statements.asked(request), wallets.get(client_id))
    return render(request, "dashboard/statement.html", context | {"nav": "clients"})


@require_GET
def sheet(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """The statement for paper."""
    context = statements.sheet(_reader(request, client_id), statements.asked(request))
    return render(request, "dashboard/statement_sheet.html", context | {"nav": "clients"})


@require_GET
@audited("export.statement", reads=True)
def csv(request: HttpRequest, client_id: UUID) -> HttpResponseBase:
    """The statement as a file."""
    return statements.csv(_reader(request, client_id), statements.asked(request))


def _reader(request: HttpRequest, client_id: UUID) -> Reader:
    return Reader(get_object_or_404(Client, pk=client_id), agency_of(request), is_team=True)
