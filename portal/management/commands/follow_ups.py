from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies import due_work
from agencies.models import Agency
from follow_ups.models import FollowUp
from leaving import due_work as leaving
from portal.jobs import KINDS
from portal.management import selection


class Command(BaseCommand):
    help = "List the work that waits, or `rebuild` it from the state of the agencies. Fails when work of an unknown kind waits."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=["list", "rebuild"], default="list")
        selection.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        agencies = selection.chosen(options)
        if options["action"] != "rebuild":
            return self._list(agencies)
        # With --all also what is left to do for agencies that are closed.
        return self._rebuild(agencies, left=leaving.rebuild(None if options["all"] else [each.pk for each in agencies]))

    def _list(self, agencies: list[Agency]) -> str:
        rows = FollowUp.objects.filter(agency__in=agencies).select_related("agency").order_by("due_at", "pk")
        for row in rows:
            tries = f"  {row.attempts} tries: {row.error}" if row.error else ""
            self.stdout.write(
                f"{row.due_at:%Y-%m-%d %H:%M:%S}  {row.agency.slug:<24}{row.kind:<16}{row.subject:<38}{tries}".rstrip()
            )
        unknown = sorted({row.kind for row in rows} - set(KINDS))
        if unknown:
            raise CommandError(f"Nobody knows how to do {', '.join(unknown)}.")
        return f"{len(rows)} follow-ups wait, {sum(bool(row.error) for row in rows)} of them after a failure."

    def _rebuild(self, agencies: list[Agency], *, left: int) -> str:
        wanted = left
        for agency in agencies:
            asked = due_work.rebuild(agency)
            self.stdout.write(f"{agency.slug:<24}{asked:>6}")
            wanted += asked
        return f"{wanted} follow-ups are asked for in {len(agencies)} agencies; what waited already waits on."
