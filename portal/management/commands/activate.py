from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies import activation
from portal.management import selection


class Command(BaseCommand):
    help = (
        "Switch an agency's portal on, or with --off, off. Refuses like the dashboard does when something is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agency", required=True, metavar="SLUG")
        parser.add_argument("--off", action="store_true", help="switch it off; what was paid is credited all the same")

    def handle(self, *args: Any, **options: Any) -> str:
        agency = selection.by_slug(options["agency"])
        if options["off"]:
            activation.switch_off(agency)
            return f"The portal of {agency.slug} is off."
        try:
            activation.switch_on(agency)
        except activation.PortalIncomplete as incomplete:
            raise CommandError(f"The portal of {agency.slug} stays off. Missing: {incomplete}.") from incomplete
        return f"The portal of {agency.slug} is on."
