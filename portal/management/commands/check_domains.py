from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from domains import doctor, verification
from domains.dns import from_settings
from domains.models import Domain, State
from portal.management import selection

_IN_ORDER = (State.VERIFIED, State.ACTIVE)


class Command(BaseCommand):
    help = "Look at an agency's own domains in DNS now, and take what was found as true. Fails when one is in trouble."

    def add_arguments(self, parser: CommandParser) -> None:
        selection.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        claims = (
            Domain.objects.filter(tenant__in=selection.chosen(options), kind=Domain.Kind.CUSTOM)
            .exclude(state=State.RELEASED)
            .select_related("tenant")
            .order_by("tenant_id", "domain")
        )
        dns, looked_at, troubled = from_settings(), 0, 0
        for claim in claims:
            try:
                domain = verification.refresh(domain_id=claim.pk, dns=dns, now=timezone.now())
            except Domain.DoesNotExist:
                continue
            found = doctor.read(domain.finding)
            looked_at, troubled = looked_at + 1, troubled + (domain.state not in _IN_ORDER or not found.is_proof)
            self.stdout.write(
                f"{claim.tenant.slug:<24}{domain.domain:<40}{claim.state} -> {domain.state:<10}{doctor.words(found)}"
            )
        words = f"{looked_at} domains looked at, {troubled} without proof."
        if troubled:
            raise CommandError(words)
        return words
