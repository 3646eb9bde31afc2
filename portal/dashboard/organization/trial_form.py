"""The form a custom tool is tried with: a field for each argument that its schema names."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from organizations import tool_schemas

_MOST = 4_000


class AnyJson(forms.CharField):
    """JSON of any kind in a box."""

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        try:
            return json.loads(typed, parse_float=Decimal) if typed else None
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is no JSON: %(error)s") % {"error": str(error)}) from error


class TrialForm(forms.Form):
    """Arguments for a tool. What is left empty is not given."""

    prefix = "try"

    def __init__(self, schema: Mapping[str, Any], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        required = schema.get("required", ())
        for name, each in tool_schemas.properties(schema).items():
            self.fields[name] = _field(name, each, required=name in required)

    def arguments(self) -> dict[str, Any]:
        """What was typed, as a model would give it."""
        given = {name: self.cleaned_data[name] for name in self.fields}
        return {name: self._meant(name, value) for name, value in given.items() if value not in (None, "")}

    def _meant(self, name: str, value: Any) -> Any:
        chosen = getattr(self.fields[name], "meanings", None)
        return chosen[value] if chosen else value


def _field(name: str, schema: Mapping[str, Any], *, required: bool) -> forms.Field:
    said: dict[str, Any] = {"label": name, "help_text": str(schema.get("description", ""))[:300], "required": required}
    kind, chosen = schema.get("type"), schema.get("enum")
    if isinstance(chosen, list | tuple) and chosen:
        return _select(chosen, said)
    if kind == "boolean":
        return _select([True, False], said)
    if kind == "string":
        return forms.CharField(max_length=_MOST, **said)
    if kind == "integer":
        return forms.IntegerField(**said)
    if kind == "number":
        return forms.DecimalField(**said)
    box = forms.Textarea({"rows": 3, "spellcheck": "false", "class": "ui-mono"})
    return AnyJson(max_length=_MOST, widget=box, **said | {"help_text": said["help_text"] or _("As JSON.")})


def _select(values: "list[Any] | tuple[Any, ...]", said: dict[str, Any]) -> forms.ChoiceField:
    """A select; what is chosen is one of these values again, whatever it is."""
    meanings = {json.dumps(value, default=str): value for value in values}
    named = [(text, value if isinstance(value, str) else text) for text, value in meanings.items()]
    field = forms.ChoiceField(choices=[("", "–"), *named], **said)
    vars(field)["meanings"] = meanings
    return field
