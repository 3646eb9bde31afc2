"""Seal every agency's data key, and people's second factors, under the first key of VAULT_KEYS."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

from portal import second_factor
from vault import envelope
from vault.models import DataKey

_STEP = 500


class Command(BaseCommand):
    help = (
        "Seals every agency's data key, and second factors of team members, under the first key of VAULT_KEYS. Put the "
        "new key first, keep the old one behind it, restart, run this, then take the old key away."
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
        broken += self._seal_second_factors()
        if broken:
            secrets = total + Authenticator.objects.count()
            raise CommandError(
                f"{len(broken)} of {secrets} secrets do not open with any key of VAULT_KEYS. Keep all keys."
            )
        self.stdout.write(self.style.SUCCESS(f"{total} data keys are sealed under the current key."))

    def _seal_second_factors(self) -> list[int]:
        """Those of people on the platform, who have no data key. Returns the ids of what does not open."""
        broken = []
        for authenticator in Authenticator.objects.order_by("pk").iterator():
            try:
                second_factor.seal_again(authenticator)
            except envelope.CannotOpen as error:
                broken.append(authenticator.pk)
                self.stderr.write(self.style.ERROR(str(error)))
        return broken
