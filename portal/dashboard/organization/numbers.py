"""Numbers of a client's organization: registered, attached to an assistant, and where a transferred call goes."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hms_client import HMSClient, Number
from organizations import phone_numbers, reporting
from portal.dashboard.organization.fields import flag
from portal.dashboard.organization.item_form import Choices, ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Resource

_DOT = " · "


class AttachmentForm(ItemForm):
    """What a number is attached to."""

    names = {
        "phone_number": "phone_number",
        "Phone number": "phone_number",
        "agent_id": "assistant_id",
        "assistant_id": "assistant_id",
        "transfer_trunk_id": "transfer_trunk_id",
        "workflow_id": "workflow_id",
        "Workflow": "workflow_id",
        "is_active": "is_active",
    }

    assistant_id = forms.ChoiceField(label=gettext_lazy("Answered by"), required=False)
    workflow_id = forms.ChoiceField(
        label=gettext_lazy("Led by the workflow"),
        required=False,
        help_text=gettext_lazy("Its steps lead the calls instead of the assistant alone."),
    )
    transfer_trunk_id = forms.ChoiceField(
        label=gettext_lazy("Transfers go over"),
        required=False,
        help_text=gettext_lazy("The SIP trunk that a call is handed on with."),
    )
    is_active = flag(gettext_lazy("Takes and makes calls"), initial=True)


class NumberForm(AttachmentForm):
    """A number that is new at HMS."""

    phone_number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=40,
        widget=forms.TextInput({"type": "tel", "placeholder": "+31 20 123 4567"}),
        help_text=gettext_lazy("HMS sells no numbers: forward yours to HMS by SIP, then register it here."),
    )
    field_order = ("phone_number",)

    def clean_phone_number(self) -> str:
        """In E.164."""
        try:
            return phone_numbers.read(self.cleaned_data["phone_number"])
        except phone_numbers.NotANumber as error:
            raise forms.ValidationError(str(error)) from error


class Numbers(Resource[Number]):
    key, icon = "numbers", "phone"
    title, new_title = gettext_lazy("Numbers"), gettext_lazy("Register a number")
    lead = gettext_lazy("Numbers of yours or the client's that are forwarded to HMS.")
    empty = gettext_lazy("Forward a number to HMS by SIP, register it, and attach it to an assistant.")
    add, make = gettext_lazy("Register a number"), gettext_lazy("Register it")
    form_class, edit_form_class = NumberForm, AttachmentForm

    def collection(self, client: HMSClient) -> Any:
        return client.numbers

    def line(self, place: Place, row: Number) -> Line:
        answered = row.assistant_name or (_("an assistant") if row.assistant_id else "")
        trunk = row.transfer_trunk_name or (_("a trunk") if row.transfer_trunk_id else "")
        workflow = row.workflow_name or (_("a workflow") if row.workflow_id else "")
        said = [
            _("answered by %(name)s") % {"name": answered} if answered else _("nobody answers it yet"),
            _("led by %(name)s") % {"name": workflow} if workflow else "",
            _("transfers over %(name)s") % {"name": trunk} if trunk else "",
        ]
        is_active = row.is_active is not False
        return Line(
            icon=self.icon,
            title=row.phone_number,
            meta=_DOT.join(filter(None, said)),
            href=place.url("numbers_item", row.id),
            badges=[("in", _("Active")) if is_active else ("neutral", _("Off"))],
            presses=[self.remove_press(place, row.id, row.phone_number)],
        )

    def name_of(self, row: Number) -> str:
        return row.phone_number

    def initial(self, row: Number) -> dict[str, Any]:
        return {
            "assistant_id": row.assistant_id or "",
            "workflow_id": row.workflow_id or "",
            "transfer_trunk_id": row.transfer_trunk_id or "",
            "is_active": row.is_active is not False,
        }

    def choices(self, client: HMSClient, row: Number | None) -> Choices:
        assistants = [(row.id, row.name) for row in client.assistants.list()]
        workflows = [(row.id, row.name or row.id) for row in client.workflows.list()]
        trunks = [(row.id, row.name) for row in client.sip_trunks.list()]
        return {
            "assistant_id": [("", _("Nobody")), *sorted(assistants, key=lambda one: one[1].casefold())],
            "workflow_id": [("", _("None")), *sorted(workflows, key=lambda one: one[1].casefold())],
            "transfer_trunk_id": [("", _("HMS's own line")), *sorted(trunks, key=lambda one: one[1].casefold())],
        }

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        client.numbers.create(phone_number=typed["phone_number"], **_attached(typed))
        reporting.forget(place.organization)
        return _("%(number)s is registered at HMS.") % {"number": typed["phone_number"]}

    def update(self, place: Place, client: HMSClient, row: Number, typed: dict[str, Any]) -> None:
        changed = self.changed(_attached(typed), _attached(self.initial(row)))
        if changed:
            client.numbers.update(row.id, **changed)
            reporting.forget(place.organization)

    def delete(self, place: Place, client: HMSClient, item_id: str) -> None:
        super().delete(place, client, item_id)
        reporting.forget(place.organization)


def _attached(typed: dict[str, Any]) -> dict[str, Any]:
    """As HMS takes it: nothing chosen is None, which detaches."""
    return {
        "assistant_id": typed["assistant_id"] or None,
        "workflow_id": typed["workflow_id"] or None,
        "transfer_trunk_id": typed["transfer_trunk_id"] or None,
        "is_active": typed["is_active"],
    }
