"""Apply one of an agency's stored Stripe events again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.models import EventState, StripeEvent
from portal.jobs import stripe
from portal.management import selection
from tenancy import door


class Command(BaseCommand):
    help = "Applies a stored Stripe event again. What it has booked already is not booked twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agency", required=True, metavar="SLUG")
        parser.add_argument("event_id", metavar="EVENT_ID", help="as Stripe shows it: evt_...")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, event_id = options["agency"], options["event_id"]
        agency = selection.by_slug(slug)
        event = StripeEvent.objects.filter(agency=agency, event_id=event_id).first()
        if event is None:
            raise CommandError(f"{slug} has received no event {event_id}.")
        before = event.get_state_display()
        try:
            with door.enter(agency):
                event = stripe.apply(event_pk=event.pk, again=True)
        except Exception as error:
            event.refresh_from_db()
            raise CommandError(f"{event_id} of {slug} could not be applied: {event.note}") from error
        note = f" ({event.note})" if event.note else ""
        style = self.style.SUCCESS if event.state == EventState.APPLIED else self.style.WARNING
        self.stdout.write(
            style(f"{event_id} of {slug}: {event.get_state_display().lower()}{note}, was {before.lower()}.")
        )
