"""Knowledge of a client's assistants: its documents, what is found in them, and which assistants may look."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agencies.models import Membership
from hms_client import HMSError, NotFound
from organizations import hms, offering, refusals
from organizations.offering import NotConnected, Offered
from organizations.refusals import Refusal
from portal import knowledge
from portal.dashboard import roles
from portal.dashboard.audited import audited, tell
from portal.dashboard.organization.place import Place, View, enters
from portal.dashboard.organization.resource import Press
from portal.dashboard.roles import actor_of, manager_changes

_KEY = "knowledge"


def page(place: Place) -> HttpResponse:
    """The documents; sent, the form adds one."""
    if place.request.method != "POST":
        return _show(place)
    form, made = knowledge.add(place.request, place.organization, added_by=actor_of(place.request).email)
    if made is None:
        return _show(place, form=form)
    tell(place.request, name=made.name, language=made.language)
    messages.success(place.request, _("“%(name)s” is added, and read in a moment.") % {"name": made.name})
    return place.go(_KEY)


def remove(place: Place, document_id: UUID) -> HttpResponse:
    """Remove a document, for good."""
    messages.success(place.request, knowledge.remove(place.organization, document_id))
    return place.go(_KEY)


def ask(place: Place) -> HttpResponse:
    """The page with what an assistant would hear to a question."""
    return _show(place, **knowledge.tried(place.request, place.organization))


def offer(place: Place, assistant_id: str) -> HttpResponse:
    """Let an assistant look things up."""
    try:
        offering.offer(place.organization, assistant_id)
    except NotConnected as error:
        return _show(place, refusal=Refusal(sentence=str(error)))
    except HMSError as error:
        return _refused(place, error)
    messages.success(place.request, _("It may look things up from its next call on."))
    return place.go(_KEY)


def withdraw(place: Place, assistant_id: str) -> HttpResponse:
    """Let an assistant look nothing up any more."""
    try:
        offering.withdraw(place.organization, assistant_id)
    except HMSError as error:
        return _refused(place, error)
    messages.success(place.request, _("It looks nothing up any more, from its next call on."))
    return place.go(_KEY)


def paths() -> list[URLPattern]:
    base, name = "clients/<uuid:client_id>/organization/knowledge/", f"organization_{_KEY}"
    changes = [
        ("<uuid:document_id>/remove/", _change(remove, "removed"), "remove"),
        ("assistants/<str:assistant_id>/offer/", _change(offer, "offered"), "offer"),
        ("assistants/<str:assistant_id>/withdraw/", _change(withdraw, "withdrawn"), "withdraw"),
    ]
    form = require_http_methods(["GET", "POST"])
    keeps_log = audited(f"{_KEY}.added", tells=True, outside=True)
    return [
        path(base, form(manager_changes(keeps_log(enters(_KEY)(page)))), name=name),
        # It changes nothing, so whoever may only look may ask.
        path(f"{base}try/", require_POST(enters(_KEY)(ask)), name=f"{name}_try"),
        *(path(base + where, view, name=f"{name}_{what}") for where, view, what in changes),
    ]


def _change(view: View, what: str) -> roles.View:
    keeps_log = audited(f"{_KEY}.{what}", outside=True)
    guarded: roles.View = require_POST(manager_changes(keeps_log(enters(_KEY)(view))))
    return guarded


def _show(place: Place, *, form: knowledge.DocumentForm | None = None, **more: Any) -> HttpResponse:
    def remove_url(document_id: UUID) -> str:
        return place.url(f"{_KEY}_remove", document_id)

    context = {
        **knowledge.context(place.organization, remove_url=remove_url, form=form),
        "may_change": place.may(Membership.Role.MANAGER),
        "try_url": place.url(f"{_KEY}_try"),
        "page_url": place.url(_KEY),
        **_assistants(place),
        **more,
    }
    return place.show("knowledge.html", _KEY, context)


def _assistants(place: Place) -> dict[str, Any]:
    """The assistants with their buttons, or why HMS does not show them; the documents are shown all the same."""
    try:
        rows = offering.listed(place.organization)
    except (HMSError, hms.NoKey) as error:
        return {"assistants": [], "away": refusals.explain(error, only_read=True).sentence}
    return {"assistants": [(row, _press(place, row)) for row in rows], "away": ""}


def _press(place: Place, row: Offered) -> Press:
    if row.is_offered:
        return Press(url=place.url(f"{_KEY}_withdraw", row.id), label=_("Stop offering"))
    return Press(url=place.url(f"{_KEY}_offer", row.id), label=_("Offer to this assistant"))


def _refused(place: Place, error: HMSError) -> HttpResponse:
    if isinstance(error, NotFound):
        raise error
    return _show(place, refusal=refusals.explain(error))
