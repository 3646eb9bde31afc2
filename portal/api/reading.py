"""What a program may read: the balance, the calls, the statement; and what this API is."""

from functools import cache
from pathlib import Path
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from agencies import call_log
from billing import statements
from calls import statement as lines
from calls.models import Call
from portal.api import asking, shapes
from portal.api.access import Refused, needs, told
from portal.storefront.access import agency_of
from vault.api_tokens import Scope

_DESCRIPTION = Path(__file__).with_name("openapi.json")


@needs(Scope.READ_BALANCE)
def balance(request: HttpRequest) -> HttpResponse:
    """What there is and what a new call could use."""
    asking.only(request)
    return told(shapes.balance(request.wallet))  # type: ignore[attr-defined]


@needs(Scope.READ_CALLS)
def calls(request: HttpRequest) -> HttpResponse:
    """The client's calls, the latest first."""
    asking.only(request, "limit", "after", "since", "until", "direction", "outcome")
    page = call_log.page(asking.choice(request), after=asking.after(request), size=asking.limit(request))
    return told({"calls": [shapes.call(each) for each in page.calls], "next": page.older or None})


@needs(Scope.READ_CALLS)
def call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """One call with its receipt."""
    asking.only(request)
    own = Call.objects.filter(organization__client_id=request.client.pk)  # type: ignore[attr-defined]
    found = own.filter(pk=call_id).first()
    if found is None:
        raise Refused(404, "not_found", _("There is no such call."))
    return told({"call": shapes.receipt(found, lines.of_call(found))})


@needs(Scope.READ_STATEMENT)
def statement(request: HttpRequest) -> HttpResponse:
    """Every movement of the balance, the latest first; those of a month when asked."""
    asking.only(request, "limit", "before", "month")
    client_id, month = request.client.pk, asking.month(request)  # type: ignore[attr-defined]
    within = None
    if month is not None:
        within = statements.span(client_id, from_at=month.starts_at, until_at=month.next.starts_at)
    page = lines.page(client_id, before_version=asking.before(request), limit=asking.limit(request), within=within)
    name = agency_of(request).branding.company_name
    return told(
        {
            "movements": [shapes.movement(each, agency_name=name) for each in page.lines],
            "next_before": page.older_before,
        }
    )


def openapi(request: HttpRequest) -> HttpResponse:
    """What this API is, for programs that make programs."""
    return HttpResponse(_description(), content_type="application/json", headers={"Cache-Control": "max-age=300"})


@cache
def _description() -> bytes:
    return _DESCRIPTION.read_bytes()
