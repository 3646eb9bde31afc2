import json
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agencies import reconciliation
from agencies.models import Agency
from agencies.reconciliation import Report
from billing.stripe_shapes import StripeFailed
from portal.management import selection
from tenancy import door
from vault import connections


def day(text: str) -> datetime:
    """Midnight of a day such as 2026-11-01, where the portal is."""
    return timezone.make_aware(datetime.combine(date.fromisoformat(text), datetime.min.time()))


class Command(BaseCommand):
    help = "Compare an agency's purchases, refunds, disputes and events with Stripe's own lists. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        selection.add_arguments(parser)
        parser.add_argument(
            "--since", type=day, metavar="DATE", help="from this day on, such as 2026-11-01 (30 days back)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object for each agency, one a line")

    def handle(self, *args: Any, **options: Any) -> str | None:
        since = options["since"] or timezone.now() - timedelta(days=30)
        agencies = selection.chosen(options)
        findings = sessions = 0
        not_compared: list[str] = []
        for agency in agencies:
            report = self._look(agency, since, not_compared)
            self._tell(agency.slug, report, as_json=options["json"])
            findings, sessions = findings + len(report.findings), sessions + report.sessions
            not_compared += [f"{name} of {agency.slug}" for name in report.unread]
        words = f"{len(agencies)} agencies, {sessions} sessions at Stripe since {since:%Y-%m-%d}"
        if findings or not_compared:
            missing = f" Not compared: {'; '.join(not_compared)}." if not_compared else ""
            raise CommandError(f"{findings} differences in {words}.{missing}")
        return None if options["json"] else f"It adds up: 0 differences in {words}."

    def _look(self, agency: Agency, since: datetime, not_compared: list[str]) -> Report:
        """The comparison, or an empty one where Stripe cannot be asked: then that is said, and the command fails."""
        with door.enter(agency):
            try:
                return reconciliation.look(
                    secret_key=connections.stripe_secret_key(agency.pk),
                    since=since,
                    progress=partial(self._progress, agency.slug),
                )
            except connections.NotConnected:
                self._progress(agency.slug, "is not connected with Stripe: nothing to compare")
            except StripeFailed as failed:
                not_compared.append(f"{agency.slug} ({type(failed).__name__}: {failed.sentence})")
        return Report()

    def _progress(self, slug: str, words: str) -> None:
        self.stderr.write(f"  {slug}: {words} ...", self.style.NOTICE)

    def _tell(self, slug: str, report: Report, *, as_json: bool) -> None:
        if not as_json:
            for found in report.findings:
                self.stdout.write(f"{slug}: {found.rule}: {found.subject}: {found.words}")
            return
        sums = [
            {"currency": each.currency, "ours_minor": each.ours_minor, "theirs_minor": each.theirs_minor}
            for each in report.sums
        ]
        findings = [
            {
                "rule": found.rule,
                "subject": found.subject,
                "words": found.words,
                "client": str(found.client_id) if found.client_id else None,
                "facts": found.facts,
            }
            for found in report.findings
        ]
        figures = {"sessions": report.sessions, "purchases": report.purchases, "events": report.events}
        told = {"agency": slug, **figures, "sums": sums, "not_compared": report.unread, "findings": findings}
        self.stdout.write(json.dumps(told))
