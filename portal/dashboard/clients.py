"""One client with everything about it, and credits given by hand."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agencies import allocation, call_log, client_notes, directory
from agencies.models import Agency
from billing import disputes, expiry, wallets
from billing.credits import SECONDS_PER_CREDIT
from billing.ledger import Outcome, Posting
from billing.models import LedgerEntry
from calls import obstacles, statement
from calls.choosing import Choice
from calls.obstacles import Obstacle
from clients.models import Client
from leaving import one_client
from organizations import provisioning
from organizations.models import Organization
from portal import money_words
from portal.dashboard import facts, rows
from portal.dashboard.audited import audited, tell
from portal.dashboard.forms import AllocateForm, KeyForm
from portal.dashboard.gate import asks_again, asks_again_when
from portal.dashboard.roles import actor_of, agency_of, manager_changes, owner_changes
from portal.storefront.access import in_test_mode
from portal.templatetags.figures import in_credits, signed_credits

_ENTRIES = 20
# That credits are used up stands beside them, and lines in use are no trouble.
_TOLD = (Obstacle.DISPUTE, Obstacle.DEBT, Obstacle.DAY, Obstacle.TEST)
_LATEST = 6
_NOTES = 3


@require_GET
def detail(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """One client: who it is, how it stands, what happened last. `give` in the address leads into giving credits."""
    form = AllocateForm()
    if "give" in request.GET:
        form.fields["amount"].widget.attrs["autofocus"] = True
    return _page(request, get_object_or_404(Client, pk=client_id), form)


def _is_above_bound(request: HttpRequest, agency: Agency) -> bool:
    """Whether more is given or taken than the agency lets anybody do unasked."""
    form = AllocateForm(request.POST)
    return form.is_valid() and abs(form.cleaned_data["amount"]) > agency.asks_again_above_credits * SECONDS_PER_CREDIT


@asks_again_when(_is_above_bound)
@require_POST
@manager_changes
@audited("credits.allocated", tells=True)
def allocate(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Give credits, or take some away, at once."""
    client = get_object_or_404(Client, pk=client_id)
    form = AllocateForm(request.POST)
    posting = _allocated(request, client, form) if form.is_valid() else None
    if posting is None:
        return _page(request, client, form)
    _tell_of(request, posting, form.cleaned_data["description"])
    messages.success(request, _allocated_words(posting, client))
    return redirect("dashboard:client", slug=agency_of(request).slug, client_id=client.pk)


@require_POST
@manager_changes
@audited("credits.undone", tells=True)
def undo(request: HttpRequest, client_id: UUID, version: int) -> HttpResponse:
    """Take back what was given by hand, or give back what was taken."""
    client = get_object_or_404(Client, pk=client_id)
    try:
        posting = allocation.undo(
            client_id=client.pk,
            version=version,
            reason=request.POST.get("reason", ""),
            actor=actor_of(request).as_json(),
        )
    except LedgerEntry.DoesNotExist as error:
        raise Http404 from error
    except allocation.AllocationRefused as refused:
        messages.error(request, str(refused))
    else:
        _tell_of(request, posting, request.POST.get("reason", ""))
        messages.success(request, _undone_words(posting))
    return redirect("dashboard:client", slug=agency_of(request).slug, client_id=client.pk)


@require_POST
@manager_changes
@audited("organization.retried")
def organization_retry(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Look after the client's organization now."""
    organization = get_object_or_404(Organization, client_id=client_id)
    provisioning.try_again(organization.pk)
    messages.success(request, _("We are trying again. Look here in a moment."))
    return redirect("dashboard:client", slug=agency_of(request).slug, client_id=client_id)


@asks_again
@require_POST
@owner_changes
@audited("organization.key_pasted", of=facts.organization, outside=True)
def organization_key(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Take the key of an organization that HMS made and whose answer was lost."""
    organization = get_object_or_404(Organization.objects.select_related("client"), client_id=client_id)
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            provisioning.paste_key(organization.pk, form.cleaned_data["api_key"])
        except provisioning.WrongKey as error:
            form.add_error("api_key", forms.ValidationError(str(error)))
    if form.errors:
        return _page(request, organization.client, AllocateForm(), key_form=form)
    messages.success(request, _("The organization is ready."))
    return redirect("dashboard:client", slug=agency_of(request).slug, client_id=client_id)


def _tell_of(request: HttpRequest, posting: Posting, why: str) -> None:
    """For the log: what was booked. What was booked before is no change."""
    if posting.outcome is not Outcome.REPLAYED:
        tell(request, seconds=posting.amount, balance_seconds=posting.balance_after, why=why)


def _allocated(request: HttpRequest, client: Client, form: AllocateForm) -> Posting | None:
    try:
        return allocation.allocate(
            client_id=client.pk,
            seconds=form.cleaned_data["amount"],
            description=form.cleaned_data["description"],
            form_token=form.cleaned_data["form_token"],
            actor=actor_of(request).as_json(),
        )
    except allocation.AllocationRefused as error:
        form.add_error(error.field, forms.ValidationError(str(error)))
        return None


def _allocated_words(posting: Posting, client: Client) -> str:
    if posting.outcome is Outcome.REPLAYED:
        return _("This was done already; it counts once.")
    return _("%(amount)s credits for %(name)s. The balance is %(balance)s now.") % {
        "amount": signed_credits(posting.amount),
        "name": client.name,
        "balance": in_credits(posting.balance_after),
    }


def _undone_words(posting: Posting) -> str:
    if posting.outcome is Outcome.REPLAYED:
        return _("This was undone already; it counts once.")
    return _("Undone. The balance is %(balance)s now.") % {"balance": in_credits(posting.balance_after)}


def _page(request: HttpRequest, client: Client, form: AllocateForm, key_form: KeyForm | None = None) -> HttpResponse:
    context = {"client": client, "form": form, "key_form": key_form or KeyForm(), "nav": "clients"}
    wrong = next((name for name in form.fields if name in form.errors), "")
    if wrong:
        form.fields[wrong].widget.attrs["autofocus"] = True
    agency = agency_of(request)
    known = directory.one(client.pk, livemode=not in_test_mode(agency))
    context |= {"known": known, "paid": rows.of_sums(known.paid_minor), "is_erased": one_client.is_erased(client)}
    return render(request, "dashboard/client.html", context | _facts(agency, client, request.GET.get("before", "")))


def _facts(agency: Agency, client: Client, before: str) -> dict[str, Any]:
    version = int(before) if before.isdecimal() and len(before) < 18 else None
    page = statement.page(client.pk, before_version=version, limit=_ENTRIES)
    undone = allocation.undone(client.pk, [line.entry.version for line in page.lines])
    calls = call_log.page(Choice(client_id=client.pk), size=_LATEST).calls
    purchases = client.purchases.select_related("client").order_by("-created_at")[:_LATEST]
    wallet = wallets.get(client.pk)
    why = obstacles.obstacle(wallet)
    return {
        "wallet": wallet,
        "why": money_words.why_for_team(why, wallet) if why in _TOLD else None,
        "stopping": disputes.stopping(client.pk) if why is Obstacle.DISPUTE else [],
        "entries": [rows.of_movement(line, agency=agency, undone=undone) for line in page.lines],
        "expiring": expiry.coming(client.pk, timezone.now()),
        "older": page.older_before,
        "notes": [note for note in client_notes.latest(client.pk, limit=_LATEST) if note.struck_at is None][:_NOTES],
        "calls": [rows.of_call(call, agency=agency, with_client=False) for call in calls],
        "purchases": [rows.of_purchase(purchase, agency=agency, with_client=False) for purchase in purchases],
        "organization": Organization.objects.filter(client_id=client.pk).first(),
    }
