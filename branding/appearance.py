"""How an agency looks and what it is called, changed in one place: the stylesheet always follows the colours."""

import unicodedata
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from branding import colors, dressing, theme
from branding.models import Branding


def one_line(text: str) -> str:
    """A name fit for a heading and for the header of a mail: one line, no control or direction signs."""
    shown = "".join(" " if char.isspace() else char for char in text)
    kept = "".join(char for char in shown if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return " ".join(kept.split())


@dataclass(frozen=True, slots=True)
class Look:
    """What an agency may choose. Addresses are empty when there is none."""

    company_name: str
    primary_color: str
    accent_color: str
    support_email: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    imprint_url: str = ""
    login_title: str = ""
    login_text: str = ""
    language: str = ""
    light_or_dark: str = Branding.Light.DEVICE


def save(*, agency_id: int, look: Look) -> Branding:
    """Store the look and make its stylesheet.

    Raises django's ValidationError, by field, for what no page could show. The caller makes hosts forget.
    """
    with transaction.atomic():
        branding = Branding.objects.select_for_update().get(agency_id=agency_id)
        branding.company_name = one_line(look.company_name)
        branding.primary_color = look.primary_color.lower()
        branding.accent_color = look.accent_color.lower()
        branding.support_email = look.support_email
        branding.privacy_url = look.privacy_url
        branding.terms_url = look.terms_url
        branding.imprint_url = look.imprint_url
        branding.login_title = one_line(look.login_title)
        branding.login_text = "\n".join(one_line(line) for line in look.login_text.splitlines()).strip()
        branding.language = look.language
        branding.light_or_dark = look.light_or_dark
        branding.full_clean(exclude=["agency", "pictures", "stylesheet", "stylesheet_digest"])
        _refuse_what_no_browser_opens(look)
        dressing.dress(branding)
        branding.save()
    return branding


def _refuse_what_no_browser_opens(look: Look) -> None:
    addresses = {name: getattr(look, name) for name in ("privacy_url", "terms_url", "imprint_url")}
    wrong = [name for name, address in addresses.items() if address and not address.startswith(("https://", "http://"))]
    if wrong:
        raise ValidationError({name: _("Give an address that starts with https://.") for name in wrong})


@dataclass(frozen=True, slots=True)
class Scene:
    """All colours of a page in one mode: its surfaces, its writing, and the brand's two on them."""

    is_dark: bool
    ground: theme.Ground
    ink: str
    muted: str
    line: str
    main: theme.Swatch
    accent: theme.Swatch


def scenes(primary: str, accent: str) -> list[Scene]:
    """A page in light and in dark, to be drawn. Raises colors.ColorMalformed."""
    made = theme.tokens(primary=primary, accent=accent)
    return [
        Scene(False, theme.LIGHT, "#0f172a", "#5b6474", "#e5e8ec", made.light, made.light_accent),
        Scene(True, theme.DARK, "#f3f5f8", "#9aa5b5", "#273040", made.dark, made.dark_accent),
    ]


@dataclass(frozen=True, slots=True)
class Reading:
    """How one chosen colour reads in the light: as initials, on a button with its edge, and as a link.

    `ratio_hundredths` is the contrast of the text on the button. `changes` says what had to be adjusted, dark included.
    """

    chosen: str
    chosen_fg: str
    used: str
    fg: str
    text: str
    edge: str
    ratio_hundredths: int
    changes: list[theme.Adjustment]


def read(color: str) -> Reading:
    """What becomes of a colour. Raises colors.ColorMalformed."""
    swatch = theme.tokens(primary=color).light
    ratio = int(colors.contrast(swatch.fill, swatch.fg) * 100)
    return Reading(
        chosen=swatch.raw,
        chosen_fg=swatch.raw_fg,
        used=swatch.fill,
        fg=swatch.fg,
        text=swatch.text,
        edge=swatch.edge,
        ratio_hundredths=ratio,
        changes=theme.adjustments(color),
    )
