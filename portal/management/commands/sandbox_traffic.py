"""Makes days of calls at the sandbox's HMS and reads them, so that there is something to look at and to measure."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agencies import allocation, arrivals, call_terms
from agencies.models import Agency
from billing import ledger
from calls import rating, sync
from clients.models import Client
from hms_client import HMSError
from organizations import assistants, hms, provisioning
from organizations.models import Organization
from people.models import User
from portal.management import selection, traffic
from portal.management.traffic import Caller
from tenancy import door
from vault.models import HMSConnection

_NAMES = (
    *("Canal Dental Care", "Brouwer Plumbing", "Villa Verde Hotel", "Nordlys Physiotherapy", "Atelier Lumen"),
    *("Van Dijk Legal", "Kite Surf School", "Green Garage", "Rose Garden Catering", "Delta Insurance"),
)
_AT_ONCE = 500
_SPAN_SLACK = timedelta(days=2)
_ACTOR = {"kind": "operator", "id": "sandbox_traffic", "email": ""}


class Command(BaseCommand):
    help = "Make days of calls of an agency's clients at the sandbox, and book them. The same seed adds nothing twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--agency", metavar="SLUG", required=True, help="an agency that is connected with the sandbox"
        )
        parser.add_argument("--calls", metavar="N", type=int, required=True, help="how many calls")
        parser.add_argument("--seed", metavar="S", type=int, required=True, help="the same seed gives the same calls")
        parser.add_argument("--days", metavar="D", type=int, default=7, help="over how many days until now (default 7)")
        parser.add_argument(
            "--clients", metavar="K", type=int, default=5, help="made up until there are so many (default 5, most 10)"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        number, seed, days, clients = (options[name] for name in ("calls", "seed", "days", "clients"))
        if number < 1 or not 1 <= days <= 365 or not 0 <= clients <= len(_NAMES):
            raise CommandError(f"At least 1 call, 1 to 365 days, and 0 to {len(_NAMES)} clients.")
        agency = selection.by_slug(options["agency"])
        self._refuse_real_hms(agency)
        now = timezone.localtime().replace(minute=0, second=0, microsecond=0)
        try:
            with door.enter(agency):
                self._fill_up(clients)
                told = self._told(number=number, seed=seed, days=days, until=now)
                self._pay(told, agency, f"{seed}/{number}/{days}")
                self._write(agency, told)
                entries = self._read(agency, since=now - timedelta(days=days) - _SPAN_SLACK, until=now)
        except (HMSError, hms.NoKey, httpx.HTTPError) as error:
            raise CommandError(f"The sandbox did not do it ({type(error).__name__}). Run the command again.") from error
        return f"{number} calls of {len(told)} clients over {days} days: {entries} entries booked."

    def _refuse_real_hms(self, agency: Agency) -> None:
        if not settings.SANDBOX_URL or not settings.HMS_API_URL.startswith(f"{settings.SANDBOX_URL}/"):
            raise CommandError("HMS is not the sandbox here, and calls are made up nowhere else.")
        if not HMSConnection.objects.filter(agency=agency, api_key_sealed__isnull=False).exists():
            raise CommandError(f"The agency {agency.slug} is not connected with HMS.")

    def _fill_up(self, wanted: int) -> None:
        """Clients until there are enough, each with an organization that is ready."""
        for name in _NAMES[: max(0, wanted - Client.objects.count())]:
            email = f"{name.lower().replace(' ', '.')}@clients.example"
            user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
            arrivals.arrive(user=user, name=name)
        for organization in Organization.objects.filter(state=Organization.State.WANTED):
            if provisioning.provision(organization.pk) is None:
                assistants.equip(organization.pk)

    def _told(self, *, number: int, seed: int, days: int, until: datetime) -> dict[Organization, list[dict[str, Any]]]:
        ready = Organization.objects.select_related("client").filter(state=Organization.State.READY)
        callers = {_caller(organization): organization for organization in ready.order_by("client__created_at", "pk")}
        if not callers:
            raise CommandError("No client's organization is ready. Wait a moment, or let the command make clients.")
        told: dict[Organization, list[dict[str, Any]]] = {}
        for caller, call in traffic.calls(list(callers), number=number, seed=seed, days=days, until=until):
            told.setdefault(callers[caller], []).append(call)
        return told

    def _pay(self, told: dict[Organization, list[dict[str, Any]]], agency: Agency, mark: str) -> None:
        """Time enough for the calls, from the agency's own minutes that are added as well: nobody ends in debt."""
        given = 0
        for organization, calls in told.items():
            seconds = sum(rating.billed_seconds(call["duration_seconds"] or 0, rounding=60) for call in calls)
            if seconds:
                posting = allocation.allocate(
                    client_id=organization.client_id,
                    seconds=seconds,
                    description="For calls that were made up",
                    form_token=uuid.uuid5(uuid.NAMESPACE_OID, f"{mark}/{organization.pk}"),
                    actor=_ACTOR,
                )
                given += seconds if posting.outcome is ledger.Outcome.POSTED else 0
        parent = HMSConnection.objects.get(agency=agency).organization_id
        self._sandbox(f"organizations/{parent}/minutes", minutes=given // 60)

    def _write(self, agency: Agency, told: dict[Organization, list[dict[str, Any]]]) -> None:
        for calls in told.values():
            for first in range(0, len(calls), _AT_ONCE):
                self._sandbox("calls/finished", calls=calls[first : first + _AT_ONCE])

    def _read(self, agency: Agency, *, since: datetime, until: datetime) -> int:
        terms = call_terms.in_force(agency.pk)
        pks = Organization.objects.filter(state=Organization.State.READY).values_list("pk", flat=True)
        return sum(sync.read_again(pk, terms=terms, start=since, until=until).entries for pk in pks)

    def _sandbox(self, lever: str, **body: Any) -> None:
        httpx.post(f"{settings.SANDBOX_URL}/_sandbox/hms/{lever}", json=body, timeout=120).raise_for_status()


def _caller(organization: Organization) -> Caller:
    used = assistants.in_use(organization)
    return Caller(str(organization.hms_id), used[0].id if used else None)
