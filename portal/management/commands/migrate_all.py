from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from agencies.models import Agency
from tenancy import migrating


class Command(BaseCommand):
    help = "Bring public and then every agency's schema up to date. Can be run again at any time; goes on where it stopped."

    def handle(self, *args: Any, **options: Any) -> str:
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
        names = list(
            Agency.objects.filter(state=Agency.State.READY).order_by("id").values_list("schema_name", flat=True)
        )
        progress = migrating.migrate(names, report=self._report)
        if progress.refused:
            raise CommandError(
                f"{len(progress.refused)} of {progress.total} agencies are not migrated: "
                f"{'; '.join(f'{name} ({reason})' for name, reason in progress.refused.items())}. "
                "Run the command again for those that were busy."
            )
        return f"Public is up to date; {progress.total} agencies checked, {len(progress.migrated)} changed."

    def _report(self, progress: migrating.Progress) -> None:
        self.stdout.write(f"  {len(progress.migrated)} changed, {len(progress.refused)} waiting of {progress.total}")
