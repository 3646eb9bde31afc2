"""Documents that assistants look things up in: adding, removing and trying them, alike for the client and the agency.

Whoever calls has checked whose documents these are.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organizations import document_texts, documents, knowledge
from organizations.document_texts import CannotRead, Why
from organizations.documents import CannotAdd
from organizations.models import Document, Organization
from organizations.tools import ToolFailed

# How often a page looks whether what waits is read.
EVERY_SECONDS = 3


class DocumentForm(forms.Form):
    """A file to be added, and its language."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput({"accept": ".txt,.md,.pdf,text/plain,text/markdown,application/pdf"}),
        help_text=gettext_lazy("Text, Markdown or PDF, up to 5 MB. Short paragraphs under headings are found best."),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("There is no text in this file."),
        },
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=Document.Language.choices)

    def add(self, organization: Organization, added_by: str) -> Document | None:
        """Add what was chosen; None when it is refused, and then the form says why beside the file."""
        file = self.cleaned_data["file"]
        try:
            if (file.size or 0) > document_texts.MOST_BYTES:
                raise CannotRead(Why.TOO_LARGE)
            return documents.add(
                organization_id=organization.pk,
                name=file.name,
                content=file.read(),
                language=self.cleaned_data["language"],
                added_by=added_by,
            )
        except (CannotAdd, CannotRead) as error:
            self.add_error("file", str(error))
            # On a phone the form stands far below.
            self.fields["file"].widget.attrs["autofocus"] = True
            return None


class QuestionForm(forms.Form):
    """What somebody could ask."""

    question = forms.CharField(
        label=gettext_lazy("Question"),
        max_length=300,
        help_text=gettext_lazy("As a caller would say it, such as: What does delivery cost?"),
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Write a question.")},
    )


def add(request: HttpRequest, organization: Organization, *, added_by: str) -> tuple[DocumentForm, Document | None]:
    """Take the form that was sent: the form, and the document if it was taken."""
    form = DocumentForm(request.POST, request.FILES)
    return form, form.add(organization, added_by) if form.is_valid() else None


def remove(organization: Organization, document_id: UUID) -> str:
    """Remove a document of the organization; a sentence for whoever did."""
    try:
        name = documents.remove(organization_id=organization.pk, document_id=document_id)
    except Document.DoesNotExist as error:
        raise Http404(_("There is no such document.")) from error
    return _("“%(name)s” is removed. Nobody is answered from it any more.") % {"name": name}


def context(
    organization: Organization, *, remove_url: Callable[[UUID], str], form: DocumentForm | None = None
) -> dict[str, Any]:
    """What a page about the documents shows; `remove_url` says where one is removed."""
    rows = documents.listed(organization.pk)
    usual = documents.usual_language(organization.pk)
    return {
        "documents": [(each, remove_url(each.row.pk)) for each in rows],
        "is_reading": any(each.row.state == Document.State.WAITING for each in rows),
        "every": EVERY_SECONDS,
        "form": form or DocumentForm(initial={"language": usual}),
        "question_form": QuestionForm(prefix="try"),
    }


def tried(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """What a page shows of the question that was sent: the form, and what an assistant hears."""
    form = QuestionForm(request.POST, prefix="try")
    if not form.is_valid():
        return {"question_form": form}
    try:
        heard = knowledge.answer(organization.pk, form.cleaned_data["question"])
    except ToolFailed as error:
        heard = {"error": str(error)}
    to_the_letter = json.dumps(heard, indent=2, ensure_ascii=False)
    said = heard.get("error") or heard.get("note", "")
    return {"question_form": form, "heard": heard, "said": said, "to_the_letter": to_the_letter}
