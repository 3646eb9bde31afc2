"""What every sign-up form here has in common: allauth's, in our words."""

from typing import Any

from allauth.account.forms import SignupForm
from django.utils.translation import gettext_lazy as _


class PlainSignUpForm(SignupForm):  # type: ignore[misc]
    """E-mail and password, with one short rule instead of a list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs.pop("placeholder", None)
        self.fields["password1"].help_text = _("At least 12 characters.")
        self.fields["password1"].widget.attrs.pop("placeholder", None)
