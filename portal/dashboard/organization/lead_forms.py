"""A table of leads on a page: uploaded or pasted, shown as it was understood, and sent when it was looked at."""

import hashlib
from typing import ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organizations import leads
from organizations.leads import Reading
from portal.dashboard.organization.fields import long_text
from portal.dashboard.organization.item_form import ItemForm

_MOST_BYTES = 200_000


class LeadsForm(ItemForm):
    """`reading` is what the table holds, once the form is valid."""

    most: ClassVar[int] = leads.MOST_LATER
    names = {"phone_number": "leads_text", "leads": "leads_text", "variables": "leads_text"}

    leads_file = forms.FileField(
        label=gettext_lazy("Leads from a CSV file"),
        required=False,
        widget=forms.FileInput({"accept": ".csv,text/csv,text/plain"}),
        help_text=gettext_lazy("Its first line names the columns: phone_number, and any value that the text uses."),
    )
    leads_text = long_text(
        gettext_lazy("Or paste the lines"),
        gettext_lazy("phone_number,name and then a line for each, such as +31201234567,Ann."),
        most=_MOST_BYTES,
        rows=5,
    )
    # The fingerprint of the table that was shown: another one is shown first.
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    reading: Reading | None = None
    template: str = ""
    known: frozenset[str] = frozenset()

    def clean_leads_file(self) -> str:
        """The text of the file."""
        file = self.cleaned_data["leads_file"]
        if file is None:
            return ""
        if (file.size or 0) > _MOST_BYTES:
            raise forms.ValidationError(_("This file is larger than 200 kB. Send it in parts."))
        raw = file.read()
        try:
            return str(raw.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return str(raw.decode("cp1252", errors="replace"))

    def is_looked_at(self) -> bool:
        """Whether the table is the one that was shown; if not, it is shown now. Without a table there is nothing to."""
        text = (self.cleaned_data.get("leads_file") or self.cleaned_data.get("leads_text") or "").strip()
        template = self.cleaned_data.get("system_message_template", self.template)
        self.reading = leads.read(text, template=template, known=self.known, most=self.most)
        if not self.reading.leads and not self.reading.problems:
            return True
        shown = hashlib.sha256(f"{template}\n{text.replace(chr(13), '')}".encode()).hexdigest()[:24]
        looked_at = self.cleaned_data["previewed"] == shown and bool(self.reading.leads)
        self.put(leads_text=text, previewed=shown)
        return looked_at
