"""SIP trunks of a client's organization. HMS changes none: one is removed and another made."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Membership
from hms_client import HMSClient, SipTrunk
from portal.dashboard.organization.fields import secret, text
from portal.dashboard.organization.item_form import ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Resource

_TRANSPORTS = [("udp", "UDP"), ("tcp", "TCP"), ("tls", gettext_lazy("TLS (encrypted)"))]


class TrunkForm(ItemForm):
    names = {name: name for name in ("name", "provider", "address", "transport", "auth_username", "auth_password")}

    name = text(gettext_lazy("Name"), most=100, required=True)
    provider = text(
        gettext_lazy("Provider"), gettext_lazy("Who runs the line, such as Twilio."), most=100, required=True
    )
    address = text(gettext_lazy("Address"), gettext_lazy("Its host, such as sip.example.com."), required=True)
    transport = forms.ChoiceField(label=gettext_lazy("Transport"), choices=_TRANSPORTS)
    auth_username = text(gettext_lazy("User name"), most=100)
    auth_password = secret(gettext_lazy("Password"), gettext_lazy("Goes to HMS and is never shown again."))


class Trunks(Resource[SipTrunk]):
    key, icon = "trunks", "route"
    title, new_title = gettext_lazy("SIP trunks"), gettext_lazy("New SIP trunk")
    lead = gettext_lazy("Lines over which calls are handed on to people.")
    empty = gettext_lazy("Add the line of the client's telephone provider, and numbers can transfer calls over it.")
    add = gettext_lazy("New SIP trunk")
    form_class = TrunkForm
    can_change = False
    role = Membership.Role.OWNER

    def collection(self, client: HMSClient) -> Any:
        return client.sip_trunks

    def line(self, place: Place, row: SipTrunk) -> Line:
        said = filter(None, [row.provider, row.address, (row.transport or "").upper()])
        remove = self.remove_press(place, row.id, row.name)
        return Line(icon=self.icon, title=row.name, meta=" · ".join(said), presses=[remove])

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        client.sip_trunks.create(**{name: typed[name] for name in TrunkForm.names if typed[name]})
        return _("“%(name)s” is made at HMS.") % typed
