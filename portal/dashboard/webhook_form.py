"""The form of a client's webhook. It reads what was typed; what is an endpoint is said by the core."""

from django import forms
from django.utils.translation import gettext_lazy as _

from hms_client import webhooks

EVENTS = {
    webhooks.ASSISTANT_REQUEST: _("Before a call is answered: the endpoint can choose the assistant or refuse"),
    webhooks.TOOL_CALLS: _("When the assistant uses a tool: the endpoint does the work and answers"),
    webhooks.STATUS_UPDATE: _("When a call begins and ends"),
    webhooks.END_OF_CALL_REPORT: _("After a call: summary, transcript and analysis"),
}


class WebhookForm(forms.Form):
    """The endpoint, its secret (blank keeps the stored one), and the events it wants."""

    url = forms.CharField(
        label=_("Endpoint"),
        max_length=2_000,
        help_text=_("An https address of your client's own system."),
        widget=forms.URLInput({"placeholder": "https://crm.example.com/hooks", "autocomplete": "off"}),
        error_messages={"required": _("Give the address that is to hear of the calls.")},
    )
    secret = forms.CharField(
        label=_("Secret"),
        required=False,
        max_length=500,
        strip=True,
        help_text=_("Every message is signed with it. The endpoint checks the signature with the same secret."),
        widget=forms.PasswordInput({"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Give a secret. The endpoint checks with it that the message is ours.")},
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=list(EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one event.")},
    )
