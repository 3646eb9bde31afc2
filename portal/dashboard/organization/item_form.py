"""The form of one row at HMS: what HMS says stands beside the field it is about, and nothing is overwritten unseen."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _

from organizations.refusals import Refusal
from portal.dashboard.forms import refuse

Choices = Mapping[str, Sequence[tuple[str, str]]]


class ItemForm(forms.Form):
    """The form of one row. `names` says which field HMS's own name for it is shown beside."""

    # A fingerprint of the row as it was when the form was made: whoever sends another one has not seen the latest.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    names: ClassVar[Mapping[str, str]] = {}
    # The field for complaints that name none; "" puts them above the form.
    rest_name: ClassVar[str] = ""

    def offer(self, choices: Choices) -> None:
        """Fill the selects with what the organization has."""
        for name, offered in choices.items():
            chosen = self.fields[name]
            if isinstance(chosen, forms.ChoiceField):
                chosen.choices = list(offered)

    def show_refusal(self, refusal: Refusal) -> None:
        """Put what HMS said where it belongs."""
        for name, sentence in refusal.fields.items():
            refuse(self, name, sentence)
        if refusal.sentence:
            refuse(self, self.rest_name if refusal.is_about_the_form else "", refusal.sentence)

    def put(self, **values: str) -> None:
        """Write into the form what it is to show, and to send next time."""
        self.data = {**{name: self.data[name] for name in self.data}, **values}

    def show_conflict(self, now: Mapping[str, Any], fingerprint: str) -> None:
        """Say what is at HMS by now; sent once more, the form is what counts."""
        self.add_error(
            None, _("Somebody changed this at HMS meanwhile. See what it says now; save again to keep yours.")
        )
        for name, value in now.items():
            field = self.fields.get(name)
            there = field.prepare_value(value) if field else None
            if field and there != field.prepare_value(self.cleaned_data.get(name)):
                self.add_error(name, _("At HMS now: %(value)s") % {"value": _in_words(there)})
        self.put(seen=fingerprint)


def fingerprint(values: Mapping[str, Any]) -> str:
    """Changes with any of the values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return _("empty") if value in ("", None) else str(value)[:200]
