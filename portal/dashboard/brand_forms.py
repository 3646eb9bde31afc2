"""The forms of the brand's pages. They read what was typed; the rules are in the core, and so are the refusals."""

from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from branding.models import COLOUR, Branding, MailServer
from outside import mail
from portal import mail_samples

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise


class Colour(forms.CharField):
    """A colour that can be picked or typed."""

    def __init__(self, label: "Words", help_text: "Words" = "") -> None:
        widget = forms.TextInput({"type": "color"})
        super().__init__(label=label, help_text=help_text, max_length=7, validators=[COLOUR], widget=widget)


def _page(label: "Words") -> forms.URLField:
    return forms.URLField(label=label, required=False, assume_scheme="https")


class BrandForm(forms.Form):
    """One field for each of branding.appearance.Look, by its name."""

    company_name = forms.CharField(label=_("Company name"), max_length=80)
    primary_color = Colour(_("Main colour"), _("Buttons, links and your initials."))
    accent_color = Colour(_("Second colour"), _("Highlights."))
    light_or_dark = forms.ChoiceField(
        label=_("Light or dark"),
        choices=Branding.Light.choices,
        help_text=_("How your portal opens. Each visitor can change it."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=lambda: [("", _("As the visitor's browser asks")), *settings.LANGUAGES],
        help_text=_("For visitors who have not chosen, and for your mails."),
    )
    login_title = forms.CharField(
        label=_("Headline on the sign-in page"), max_length=80, required=False, help_text=_("Empty: “Sign in”.")
    )
    login_text = forms.CharField(
        label=_("Text below it"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("A line or two to welcome your clients."),
    )
    support_email = forms.EmailField(
        label=_("Support e-mail"), required=False, help_text=_("Your clients' answers to our mails go here.")
    )
    privacy_url = _page(_("Privacy page"))
    terms_url = _page(_("Terms page"))
    imprint_url = _page(_("Imprint"))

    def offer_languages(self) -> None:
        """Ask only where there is something to choose."""
        if len(settings.LANGUAGES) < 2:
            del self.fields["language"]

    def watch(self, preview_url: str) -> None:
        """Show at `preview_url` how it looks, while it is being chosen."""
        for name in ("company_name", "primary_color", "accent_color", "login_title"):
            self.fields[name].widget.attrs |= {
                "hx-get": preview_url,
                "hx-trigger": "input changed delay:200ms",
                "hx-target": "#brand_preview",
                "hx-include": "#id_company_name, #id_primary_color, #id_accent_color, #id_login_title",
                "hx-sync": "#brand_preview:replace",
            }


class PictureForm(forms.Form):
    """A picture by its address or as a file, one of the two."""

    url = forms.CharField(
        label=_("Address of the picture"),
        max_length=2_000,
        required=False,
        help_text=_("We fetch it once and serve it ourselves, so no visitor is sent to another server."),
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "placeholder": "https://"}),
    )
    upload = forms.FileField(
        label=_("Or upload a file"),
        required=False,
        allow_empty_file=True,
        help_text=_("PNG, SVG, JPEG or WebP, 512 KB at most. In an SVG, turn text into outlines."),
        widget=forms.FileInput({"accept": "image/png,image/svg+xml,image/jpeg,image/webp,image/gif,.ico"}),
    )

    def clean(self) -> None:
        typed = [
            name
            for name in ("url", "upload")
            if self.cleaned_data.get(name) is not None and self.cleaned_data[name] != ""
        ]
        if not typed and not self.errors:
            self.add_error("url", _("Give an address, or choose a file."))
        if len(typed) > 1:
            self.add_error("upload", _("Give an address or a file, not both."))


class TestMailForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Mail"), choices=[(sample.key, sample.title) for sample in mail_samples.SAMPLES.values()]
    )


class MailServerForm(forms.Form):
    """The agency's own mail server. A blank password is the stored one."""

    host = forms.CharField(
        label=_("Server"),
        max_length=253,
        error_messages={"required": _("Type the server's name, such as smtp.example.com.")},
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "placeholder": "smtp.example.com"}),
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=587)
    security = forms.ChoiceField(label=_("Encryption"), initial=MailServer.Security.STARTTLS)
    username = forms.CharField(label=_("User name"), max_length=200, widget=forms.TextInput({"autocomplete": "off"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=300,
        required=False,
        help_text=_("We store it encrypted and never show it again."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    from_address = forms.EmailField(
        label=_("Sent from"), help_text=_("Your clients see this address beside your company's name.")
    )

    def offer_what_is_possible(self) -> None:
        """Without encryption only inside networks that the operator allows."""
        plain_is_possible = bool(mail.from_settings().allowed)
        security = self.fields["security"]
        assert isinstance(security, forms.ChoiceField)  # noqa: S101 - for the type checker
        security.choices = [
            choice
            for choice in MailServer.Security.choices
            if choice[0] != MailServer.Security.PLAIN or plain_is_possible
        ]
