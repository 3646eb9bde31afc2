"""Fields that the forms inside an organization are made of."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise

AS_HMS = ("", gettext_lazy("HMS decides"))
_TALL_ROWS = 10
_EMPTY = {"required": gettext_lazy("Fill this in.")}
_SAID = {"openai": "OpenAI", "xai": "xAI", "elevenlabs": "ElevenLabs", "openai_live": "OpenAI Live"}


def text(label: "Words", help_text: "Words" = "", *, most: int = 200, required: bool = False) -> forms.CharField:
    """One line."""
    return forms.CharField(label=label, help_text=help_text, max_length=most, required=required, error_messages=_EMPTY)


def long_text(
    label: "Words", help_text: "Words" = "", *, most: int, rows: int, required: bool = False
) -> forms.CharField:
    """Several lines."""
    widget = forms.Textarea({"rows": rows, "class": "is-tall" if rows >= _TALL_ROWS else ""})
    return forms.CharField(
        label=label, help_text=help_text, max_length=most, required=required, widget=widget, error_messages=_EMPTY
    )


def flag(label: "Words", help_text: "Words" = "", *, initial: bool = False) -> forms.BooleanField:
    """A box to tick."""
    return forms.BooleanField(label=label, help_text=help_text, required=False, initial=initial)


def provider_name(name: str) -> str:
    """A provider as it writes itself."""
    return _SAID.get(name, name.replace("_", " ").title())


def providers(*names: str) -> list[tuple[str, "Words"]]:
    """Providers to choose from, or none."""
    return [AS_HMS, *((name, provider_name(name)) for name in names)]


def secret(label: "Words", help_text: "Words" = "", *, required: bool = False) -> forms.CharField:
    """Something that goes in and is never shown, not even after an error."""
    widget = forms.PasswordInput({"autocomplete": "new-password"})
    return forms.CharField(
        label=label, help_text=help_text, max_length=500, required=required, widget=widget, error_messages=_EMPTY
    )


class JsonField(forms.CharField):
    """A JSON object in a box; read without ever making a float."""

    def __init__(self, label: "Words", help_text: "Words" = "") -> None:
        widget = forms.Textarea({"rows": 10, "spellcheck": "false", "class": "ui-mono is-tall"})
        super().__init__(label=label, help_text=help_text, max_length=50_000, required=False, widget=widget)

    def clean(self, value: Any) -> dict[str, Any]:
        """The object; an empty box is an empty one."""
        typed = super().clean(value)
        try:
            found = json.loads(typed or "{}", parse_float=Decimal)
        except ValueError as error:
            raise forms.ValidationError(_("This is no JSON: %(error)s") % {"error": str(error)}) from error
        if not isinstance(found, dict):
            raise forms.ValidationError(_("This must be a JSON object: it begins with { and ends with }."))
        return found

    def prepare_value(self, value: Any) -> Any:
        """As text with one name a line; what was typed stays as it was typed."""
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False, default=_number)


def _number(value: Any) -> Any:
    """JSON has one kind of number, and so has its writer."""
    return int(value) if value == value.to_integral_value() else float(value)
