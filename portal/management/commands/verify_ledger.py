import json
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import proof
from portal.jobs.reconcile import open_holds
from portal.management import selection
from tenancy import door


class Command(BaseCommand):
    help = "Prove every entry and wallet of an agency's ledger: sums, order, hash chain, holds. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        selection.add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object for each agency, one a line")

    def handle(self, *args: Any, **options: Any) -> str | None:
        total = proof.Report()
        agencies = selection.chosen(options)
        for agency in agencies:
            with door.enter(agency):
                report = proof.verify(open_holds=open_holds, progress=partial(self._progress, agency.slug))
            self._tell(agency.slug, report, as_json=options["json"])
            total.wallets += report.wallets
            total.entries += report.entries
            total.open_conflicts += report.open_conflicts
            total.findings += report.findings
        words = (
            f"{len(agencies)} agencies, {total.wallets} wallets, {total.entries} entries,"
            f" {total.open_conflicts} open conflicts"
        )
        if total.findings:
            raise CommandError(f"{len(total.findings)} findings in {words}.")
        return None if options["json"] else f"The ledger is proved: {words}, no findings."

    def _progress(self, slug: str, report: proof.Report) -> None:
        self.stderr.write(f"  {slug}: {report.wallets} wallets, {report.entries} entries ...", self.style.NOTICE)

    def _tell(self, slug: str, report: proof.Report, *, as_json: bool) -> None:
        findings = [
            {"rule": found.rule, "wallet": str(found.client_id), "version": found.version, "words": found.words}
            for found in report.findings
        ]
        if as_json:
            figures = {"wallets": report.wallets, "entries": report.entries, "open_conflicts": report.open_conflicts}
            self.stdout.write(json.dumps({"agency": slug, **figures, "findings": findings}))
            return
        for found in findings:
            entry = "" if found["version"] is None else f", entry {found['version']}"
            self.stdout.write(f"{slug}: {found['rule']}: wallet {found['wallet']}{entry}: {found['words']}")
