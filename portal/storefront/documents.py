"""A client's documents, which its assistants look things up in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from organizations.models import Organization
from portal import knowledge
from portal.storefront.access import client_page
from portal.visiting import works_while_looking


@require_http_methods(["GET", "POST"])
@client_page
def page(request: HttpRequest) -> HttpResponse:
    """The documents; sent, the form adds one."""
    organization = _organization(request)
    if request.method != "POST":
        return _show(request, organization)
    actor = request.actor  # type: ignore[attr-defined]
    form, made = knowledge.add(request, organization, added_by=actor.email)
    if made is None:
        return _show(request, organization, form=form)
    messages.success(request, _("“%(name)s” is added, and read in a moment.") % {"name": made.name})
    return redirect("storefront:knowledge")


@works_while_looking
@require_POST
@client_page
def ask(request: HttpRequest) -> HttpResponse:
    """The page with what an assistant would hear to a question."""
    organization = _organization(request)
    return _show(request, organization, **knowledge.tried(request, organization))


@require_POST
@client_page
def remove(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Remove a document, for good."""
    messages.success(request, knowledge.remove(_organization(request), document_id))
    return redirect("storefront:knowledge")


def _organization(request: HttpRequest) -> Organization:
    found = Organization.objects.filter(client=request.client).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404(_("Your calls are not set up yet."))
    return found


def _show(
    request: HttpRequest, organization: Organization, *, form: knowledge.DocumentForm | None = None, **more: Any
) -> HttpResponse:
    def remove_url(document_id: UUID) -> str:
        return reverse("storefront:remove_document", args=[document_id])

    urls = {"try_url": reverse("storefront:try_knowledge"), "page_url": reverse("storefront:knowledge")}
    shown = knowledge.context(organization, remove_url=remove_url, form=form)
    context = {**shown, "nav": "knowledge", "may_change": True, **urls, **more}
    return render(request, "storefront/knowledge.html", context)
