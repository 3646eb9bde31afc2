"""Keys of the client's own at the providers behind HMS: they go in, and never come out."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Membership
from hms_client import HMSClient
from portal.dashboard.organization.fields import provider_name, secret
from portal.dashboard.organization.item_form import ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Resource

PROVIDERS = (
    "deepgram",
    "elevenlabs",
    "gladia",
    "google",
    "google_vertex",
    "inworld",
    "mistral",
    "openai",
    "resend",
    "xai",
)


class ProviderForm(ItemForm):
    names = {"provider": "provider", "api_key": "api_key"}

    provider = forms.ChoiceField(
        label=gettext_lazy("Provider"), choices=[(name, provider_name(name)) for name in PROVIDERS]
    )
    api_key = secret(
        gettext_lazy("Key"),
        gettext_lazy("Goes to HMS and is never shown again. It replaces the one that is there."),
        required=True,
    )


class Providers(Resource[str]):
    key, icon = "providers", "key"
    title, new_title = gettext_lazy("Provider keys"), gettext_lazy("Set a key")
    lead = gettext_lazy("With a key of the client's own, its provider bills the client and not HMS.")
    empty = gettext_lazy("HMS's own keys are used. Set one only if the client has a contract with a provider.")
    add, make = gettext_lazy("Set a key"), gettext_lazy("Set the key")
    form_class = ProviderForm
    can_change = False
    role = Membership.Role.OWNER
    asks_again = True

    def fetch(self, client: HMSClient) -> tuple[str, ...]:
        return client.byok.get().providers

    def line(self, place: Place, row: str) -> Line:
        remove = self.remove_press(place, row, provider_name(row))
        return Line(icon=self.icon, title=provider_name(row), badges=[("in", _("Own key"))], presses=[remove])

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        client.byok.set(provider=typed["provider"], api_key=typed["api_key"].strip())
        return _("The key of %(name)s is at HMS.") % {"name": provider_name(typed["provider"])}

    def delete(self, place: Place, client: HMSClient, item_id: str) -> None:
        client.byok.delete(provider=item_id)
