"""A box for headers whose values go in and are never shown, not even after an error."""

from typing import TYPE_CHECKING, Any

from django import forms

from organizations import headers
from organizations.configurations import COVER

if TYPE_CHECKING:
    from portal.dashboard.organization.fields import Words

_LONGEST = 20_000


class HeadersField(forms.CharField):
    """One header in a line. What is stored is shown as names with covers; clean() gives values by name."""

    def __init__(self, label: "Words", help_text: "Words" = "") -> None:
        looks = {"rows": 3, "spellcheck": "false", "autocomplete": "off", "class": "ui-mono"}
        widget = forms.Textarea(looks | {"placeholder": "Authorization: Bearer …"})
        super().__init__(label=label, help_text=help_text, max_length=_LONGEST, required=False, widget=widget)

    def clean(self, value: Any) -> dict[str, str]:
        """The headers, by name; a value may be a cover."""
        try:
            return headers.read(super().clean(value))
        except headers.NotHeaders as error:
            raise forms.ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        """Names with covers. Of what was typed, the names alone."""
        if isinstance(value, dict):
            return headers.covered(value)
        if not isinstance(value, str):
            return value
        return "\n".join(_without_value(line) for line in value.splitlines())


def _without_value(line: str) -> str:
    name, colon, value = line.partition(":")
    if not colon:
        return ""
    return f"{name.strip()}: {COVER if value.strip() == COVER else ''}".strip()
