"""Address: where an agency's portal is found. Its slug, and domains of its own.

Everybody of the team sees how they stand; owners change them. What a change of the slug brings with it is read before
it is made.
"""

from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agencies import addresses, own_domains
from agencies.own_domains import Standing
from domains import names, verification
from domains.dns import from_settings
from domains.models import Domain
from portal.dashboard import domain_rows, facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import DomainForm, SlugForm, refuse
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import agency_of, manager_changes, owner_changes


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Where the portal is, how each of its hosts stands, and the records to set."""
    return _page(request)


@require_GET
def slug_check(request: HttpRequest) -> HttpResponse:
    """Whether a slug can be had and what it changes, while it is typed in."""
    too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="slug_check", limit_get=True)
    if too_many:
        return too_many
    slug, problem = request.GET.get("slug", "").strip().lower()[:60], ""
    try:
        addresses.refuse_change(agency_id=agency_of(request).pk, slug=slug)
    except names.BadSlug as error:
        problem = str(error)
    effect = None if problem else domain_rows.slug_effect(agency_of(request), slug)
    return render(request, "dashboard/_slug_effect.html", {"typed": slug, "problem": problem, "effect": effect})


@asks_again
@require_POST
@owner_changes
@audited("slug.changed", of=facts.agency)
def change_slug(request: HttpRequest) -> HttpResponse:
    """Give the portal another slug. One whose consequences were not on the page is shown, not taken."""
    agency, form = agency_of(request), SlugForm(request.POST)
    if not form.is_valid():
        return _page(request, slug_form=form)
    slug = form.cleaned_data["slug"]
    try:
        addresses.refuse_change(agency_id=agency.pk, slug=slug)
        if not form.was_seen:
            return _page(request, slug_form=form, effect=domain_rows.slug_effect(agency, slug))
        addresses.change_slug(agency_id=agency.pk, slug=slug)
    except names.BadSlug as error:
        refuse(form, "slug", str(error))
        return _page(request, slug_form=form)
    messages.success(request, _("Changed. The old address leads to the new one from now on."))
    return redirect("dashboard:address", slug=slug)


@asks_again
@require_POST
@owner_changes
@audited("domain.added", of=facts.domains)
def add(request: HttpRequest) -> HttpResponse:
    """Claim a domain; the page then shows the record that proves it."""
    agency, form = agency_of(request), DomainForm(request.POST)
    if not form.is_valid():
        return _page(request, domain_form=form)
    try:
        domain = verification.claim(agency_id=agency.pk, typed=form.cleaned_data["domain"])
    except names.BadDomain as error:
        refuse(form, "domain", str(error))
        return _page(request, domain_form=form)
    messages.success(request, _("Added. Set the record below, and we find it by ourselves."))
    return _to_domain(request, domain.pk)


@require_GET
def standing(request: HttpRequest, domain_id: int) -> HttpResponse:
    """How a domain stands, asked for by the page while it waits. Nothing while nothing has changed.

    Once it stands otherwise, everything around it is shown otherwise as well: the page is loaded anew.
    """
    shown = _shown(request, _own(request, domain_id))
    seen = request.GET.get("seen", "")
    if seen == shown.mark:
        return HttpResponse(status=204)
    answer = render(request, "dashboard/_domain_standing.html", {"shown": shown})
    if not seen.startswith(f"{shown.standing.value}:"):
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@manager_changes
@audited("domain.looked_at", of=facts.domains, outside=True)
def refresh(request: HttpRequest, domain_id: int) -> HttpResponse:
    """Look at the domain now."""
    domain = _own(request, domain_id)
    before = own_domains.standing(domain)
    try:
        domain = verification.refresh_now(domain_id=domain.pk, dns=from_settings(), now=timezone.now())
    except verification.AskedTooSoon as error:
        return _page(request, too_soon=(domain.pk, str(error)), status=429)
    after = own_domains.standing(domain)
    if after is not before and after in (Standing.PROVED, Standing.ACTIVE):
        messages.success(request, _("%(name)s is proved to be yours.") % {"name": domain.shown})
    return _to_domain(request, domain.pk)


@asks_again
@require_POST
@owner_changes
@audited("domain.made_primary", of=facts.domains)
def make_primary(request: HttpRequest, domain_id: int) -> HttpResponse:
    """Make a host that works the main one; the slug's host may be it as well."""
    domain = get_object_or_404(Domain, pk=domain_id, tenant_id=agency_of(request).pk)
    try:
        verification.make_primary(domain_id=domain.pk)
    except verification.NotActive as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is the main address now.") % {"name": domain.shown})
    return redirect("dashboard:address", slug=agency_of(request).slug)


@asks_again
@require_POST
@owner_changes
@audited("domain.released", of=facts.domains)
def release(request: HttpRequest, domain_id: int) -> HttpResponse:
    """Give a domain back."""
    domain = _own(request, domain_id)
    verification.release(domain_id=domain.pk)
    messages.success(request, _("%(name)s is released.") % {"name": domain.shown})
    return redirect("dashboard:address", slug=agency_of(request).slug)


def _page(
    request: HttpRequest,
    *,
    slug_form: SlugForm | None = None,
    domain_form: DomainForm | None = None,
    effect: domain_rows.SlugEffect | None = None,
    too_soon: tuple[int, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    agency = agency_of(request)
    hosts, looks = own_domains.hosts(agency.pk), own_domains.next_looks(agency.pk)
    slug_form = slug_form or SlugForm(initial={"slug": agency.slug})
    slug_form.watch(reverse("dashboard:slug_check", args=[agency.slug]))
    context: dict[str, Any] = {
        "hosts": hosts,
        "domains": [domain_rows.shown(each, hosts=hosts, look_at=looks.get(each.pk)) for each in hosts.own],
        "too_soon": too_soon,
        "slug_form": slug_form,
        "domain_form": domain_form or DomainForm(),
        "ending": domain_rows.slug_ending(),
        "effect": effect,
        "nav": "address",
    }
    return render(request, "dashboard/address.html", context, status=status)


def _shown(request: HttpRequest, domain: Domain) -> domain_rows.Shown:
    agency_id = agency_of(request).pk
    look_at = own_domains.next_looks(agency_id).get(domain.pk)
    return domain_rows.shown(domain, hosts=own_domains.hosts(agency_id), look_at=look_at)


def _own(request: HttpRequest, domain_id: int) -> Domain:
    """A domain that this agency has claimed; 404 for anything else."""
    return get_object_or_404(Domain, pk=domain_id, tenant_id=agency_of(request).pk, kind=Domain.Kind.CUSTOM)


def _to_domain(request: HttpRequest, domain_id: int) -> HttpResponse:
    answer = redirect("dashboard:address", slug=agency_of(request).slug)
    answer["Location"] += f"#domain-{domain_id}"
    return answer
