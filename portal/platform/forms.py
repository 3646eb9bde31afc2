"""The forms that open an agency: at sign-up, and later for another one."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from agencies import addresses, opening
from branding import appearance
from domains import names
from people.models import User
from portal.sign_up_form import PlainSignUpForm

_LIVE = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
    "maxlength": "50",
    "data-slug-of": "id_company",
    "hx-get": reverse_lazy("platform:slug_check", urlconf="portal.urls_platform"),
    "hx-trigger": "input changed delay:300ms",
    "hx-target": "#slug_state",
    "hx-sync": "this:replace",
}


class AgencyForm(forms.Form):
    """A company's name and the address of its portal, which may be left to us."""

    company = forms.CharField(
        label=_("Company name"),
        max_length=80,
        help_text=_("Your clients see it everywhere. You can change it later."),
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    slug = forms.CharField(
        label=_("Portal address"),
        required=False,
        help_text=_("Leave it empty and we make it from the company name."),
        widget=forms.TextInput(_LIVE),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address_ending = f".{settings.PLATFORM_HOST}"

    def clean_company(self) -> str:
        name = appearance.one_line(self.cleaned_data["company"])
        if not name:
            raise forms.ValidationError(_("Please give your company's name."), code="required")
        return name

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        if not slug:
            return self._made_from_company()
        try:
            addresses.refuse_unusable(slug)
        except names.BadSlug as error:
            raise forms.ValidationError(str(error)) from error
        return slug

    def _made_from_company(self) -> str:
        slug = opening.suggest_slug(self.cleaned_data.get("company", ""))
        if not slug and self.cleaned_data.get("company"):
            raise forms.ValidationError(_("We could not make an address from this name. Please choose one."))
        return slug


class OwnerSignUpForm(AgencyForm, PlainSignUpForm):
    """An owner's sign-up: the agency, and the person who owns it."""

    field_order = ["company", "slug", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        """The agency waits until the address is proved."""
