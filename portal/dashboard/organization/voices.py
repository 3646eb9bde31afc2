"""The voices that HMS offers: to look at, and to copy the id of into an assistant."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext_lazy

from hms_client import HMSClient, Voice
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Resource


class Voices(Resource[Voice]):
    key, icon = "voices", "volume"
    title = gettext_lazy("Voices")
    lead = gettext_lazy(
        "What assistants can sound like. Copy the id into an assistant; voices of ElevenLabs are not listed."
    )
    empty = gettext_lazy("HMS lists no voices at the moment.")

    def fetch(self, client: HMSClient) -> list[Voice]:
        return sorted(client.voices.list(), key=lambda row: (row.language or "", row.name.casefold()))

    def line(self, place: Place, row: Voice) -> Line:
        said: Mapping[str, Any] = row.description or {}
        described = said.get(get_language() or "en") or said.get("en")
        parts = [row.language or "", described if isinstance(described, str) else "", row.id]
        return Line(icon=self.icon, title=row.name, meta=" · ".join(filter(None, parts)))
