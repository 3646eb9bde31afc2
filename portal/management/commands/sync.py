from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies import call_terms, minutes
from agencies.models import Agency
from calls import sync
from hms_client import HMSError
from organizations.models import Organization
from portal.management import selection
from tenancy import door


class Command(BaseCommand):
    help = "Read the calls of an agency's clients at HMS now, book what is over, and refresh the agency's minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        selection.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        self.organizations = self.entries = 0
        self.failed: list[str] = []
        for agency in selection.chosen(options):
            with door.enter(agency):
                self._sync(agency)
        done = f"Read the calls of {self.organizations} organizations: {self.entries} entries booked."
        if self.failed:
            raise CommandError(f"{done} Not done: {'; '.join(self.failed)}. Run the command again.")
        return done

    def _sync(self, agency: Agency) -> None:
        terms = call_terms.in_force(agency.pk)
        for pk in Organization.objects.filter(api_key_sealed__isnull=False).values_list("pk", flat=True):
            try:
                self.entries += sync.sync(pk, terms=terms).entries
                self.organizations += 1
            except HMSError as error:
                self.failed.append(f"organization {pk} of {agency.slug} ({type(error).__name__})")
        try:
            minutes.refresh(agency.pk)
        except HMSError as error:
            self.failed.append(f"the minutes of {agency.slug} ({type(error).__name__})")
