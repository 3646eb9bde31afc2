from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from agencies.models import Agency
from domains import links
from domains.models import Domain


class Command(BaseCommand):
    help = "List every agency: its address, whether its portal is on, its schema and what waits to be done for it."

    def handle(self, *args: Any, **options: Any) -> str:
        rows = Agency.objects.select_related("branding").annotate(waiting=Count("follow_ups")).order_by("id")
        hosts = dict(Domain.objects.filter(is_primary=True).values_list("tenant_id", "domain"))
        for agency in rows:
            portal = "on" if agency.portal_is_on else "off"
            # Of an agency that was erased only its row is left.
            host = links.absolute(hosts[agency.pk]) if agency.pk in hosts else ""
            branding = getattr(agency, "branding", None)
            self.stdout.write(
                f"{agency.schema_name:<8}{agency.slug:<24}{agency.get_state_display():<10}portal {portal:<5}"
                f"{agency.waiting:>4} follow-ups  {host}  {branding.company_name if branding else ''}".rstrip()
            )
        on = sum(agency.portal_is_on for agency in rows)
        return f"{len(rows)} agencies, {on} portals on."
