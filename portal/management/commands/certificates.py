from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from domains import permission


class Command(BaseCommand):
    help = "Show how often the proxy was allowed a certificate in this hour, and how often it was not."

    def handle(self, *args: Any, **options: Any) -> str:
        counts = permission.counts()
        return (
            f"This hour: {counts.allowed} allowed, {counts.first_ones} of them for names that never had one "
            f"(at most {settings.CERTIFICATES_PER_HOUR}); {counts.denied} denied."
        )
