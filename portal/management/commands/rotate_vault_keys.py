"""Seal every agency's data key under the first key of VAULT_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vault import envelope
from vault.models import DataKey

_STEP = 500


class Command(BaseCommand):
    help = (
        "Seals every agency's data key under the first key of VAULT_KEYS. Put the new key first, keep the old one behind "
        "it, restart, run this, then take the old key away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        total, broken = DataKey.objects.count(), []
        for number, key in enumerate(DataKey.objects.order_by("pk").iterator(), 1):
            try:
                envelope.rewrap(key)
            except envelope.CannotOpen as error:
                broken.append(key.agency_id)
                self.stderr.write(self.style.ERROR(str(error)))
            if number % _STEP == 0:
                self.stdout.write(f"{number} of {total}")
        if broken:
            raise CommandError(
                f"{len(broken)} of {total} data keys do not open with any key of VAULT_KEYS. Keep them all."
            )
        self.stdout.write(self.style.SUCCESS(f"{total} data keys are sealed under the current key."))
