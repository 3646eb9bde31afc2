from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import proof
from portal.management import selection


class Command(BaseCommand):
    help = "Prove an agency's audit log: every entry there, in its order, unaltered. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        selection.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        # With --all also the logs of agencies that are gone: they stay.
        logs = {agency_id: f"agency {agency_id}" for agency_id in (proof.agencies() if options["all"] else [])}
        logs |= {agency.pk: agency.slug for agency in selection.chosen(options)}
        found = 0
        for agency_id, name in logs.items():
            for problem in proof.problems(agency_id):
                found += 1
                self.stdout.write(f"{name}: {problem}")
        if found:
            raise CommandError(f"{found} findings in {len(logs)} audit logs.")
        return f"{len(logs)} audit logs are proved, no findings."
