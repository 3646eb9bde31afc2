from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from domains import doctor, links, names, records, resolver
from domains.models import Domain


class Command(BaseCommand):
    help = (
        "Explain a host: what the resolver says of it, who has it or claims it, and what was found in DNS. Asks nobody."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("host", help="as a browser would send it; an international name works too")

    def handle(self, *args: Any, **options: Any) -> str:
        host = names.dns_spelling(options["host"])
        rows = list(Domain.objects.filter(domain=host).select_related("tenant").order_by("pk"))
        for row in rows:
            self._explain(row)
        try:
            found = resolver.resolve(host)
        except resolver.HostError as error:
            raise CommandError(f"{host} leads nowhere: {type(error).__name__}.") from error
        whose = f" of {found.agency.slug}" if found.agency is not None else ""
        onward = f", led on to {links.absolute(found.primary_host)}" if found.leads_on else ""
        return f"{host} leads to the {found.place.value}{whose}{onward}."

    def _explain(self, row: Domain) -> None:
        is_primary = ", primary" if row.is_primary else ""
        self.stdout.write(
            f"{row.tenant.slug} ({row.tenant.get_state_display().lower()}): {row.kind}, {row.state}{is_primary}"
        )
        if row.shown != row.domain:
            self.stdout.write(f"  shown as      {row.shown}")
        if row.kind == Domain.Kind.CUSTOM:
            self.stdout.write(f"  record        {row.domain} CNAME {records.target(row)}")
            for proof in records.flattened(row)[:1]:
                self.stdout.write(f"  or            {proof.name} {proof.type} {proof.value}")
        for name in (
            "created",
            "verified",
            "active",
            "failing",
            "lost",
            "released",
            "checked",
            "was_beaten",
            "gives_way",
        ):
            at = getattr(row, f"{name}_at")
            if at is not None:
                self.stdout.write(f"  {name.replace('_', ' '):<14}{at:%Y-%m-%d %H:%M:%S}")
        if row.misses:
            self.stdout.write(f"  misses        {row.misses}")
        if row.finding:
            self.stdout.write(f"  found         {row.finding['code']}: {doctor.words(doctor.read(row.finding))}")
