"""Fields that the forms inside an organization are made of."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise

AS_HMS = ("", gettext_lazy("HMS decides"))
_SAID = {"openai": "OpenAI", "xai": "xAI", "elevenlabs": "ElevenLabs", "openai_live": "OpenAI Live"}


def text(label: "Words", help_text: "Words" = "", *, most: int = 200, required: bool = False) -> forms.CharField:
    """One line."""
    return forms.CharField(label=label, help_text=help_text, max_length=most, required=required)


def long_text(
    label: "Words", help_text: "Words" = "", *, most: int, rows: int, required: bool = False
) -> forms.CharField:
    """Several lines."""
    widget = forms.Textarea({"rows": rows})
    return forms.CharField(label=label, help_text=help_text, max_length=most, required=required, widget=widget)


def flag(label: "Words", help_text: "Words" = "", *, initial: bool = False) -> forms.BooleanField:
    """A box to tick."""
    return forms.BooleanField(label=label, help_text=help_text, required=False, initial=initial)


def provider_name(name: str) -> str:
    """A provider as it writes itself."""
    return _SAID.get(name, name.replace("_", " ").title())


def providers(*names: str) -> list[tuple[str, "Words"]]:
    """Providers to choose from, or none."""
    return [AS_HMS, *((name, provider_name(name)) for name in names)]
