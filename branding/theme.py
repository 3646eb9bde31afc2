"""From one or two colours of an agency to every colour its portal uses, readable in light and in dark.

Text reads at 4.5:1 and edges at 3:1 on every surface they are laid on (WCAG 2.2, 1.4.3 and 1.4.11), whatever was
chosen. Danger, success and warning are never branded and are no part of this.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

from branding import colors

TEXT_RATIO = 4.5
EDGE_RATIO = 3.0


@dataclass(frozen=True, slots=True)
class Ground:
    """The surfaces of one mode: the page, the cards on it, and the soft boxes on those (static/css/tokens.css)."""

    page: str
    surface: str
    soft: str
    is_light: bool

    @property
    def all(self) -> tuple[str, str, str]:
        """The three surfaces text may stand on."""
        return (self.page, self.surface, self.soft)


LIGHT = Ground("#f9fafb", "#ffffff", "#f1f3f6", is_light=True)
DARK = Ground("#0d1117", "#151b24", "#1d2531", is_light=False)


@dataclass(frozen=True, slots=True)
class Swatch:
    """One brand colour in one mode. `fg` stands on `fill` and `hover`, `on_tint` on `tint`, the others on surfaces."""

    raw: str
    raw_fg: str
    fill: str
    fg: str
    hover: str
    text: str
    edge: str
    tint: str
    on_tint: str


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of a brand: primary and accent, each for light and dark."""

    light: Swatch
    dark: Swatch
    light_accent: Swatch
    dark_accent: Swatch


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What was changed of a chosen colour, where, and the contrast before and after, in hundredths rounded down."""

    role: str
    is_dark: bool
    asked: str
    used: str
    ratio_before: int
    ratio_after: int
    ratio_needed: int


def _seen(color: str, ground: Ground) -> str:
    """In the dark, lift a colour that would vanish: greys to their mirror image, hues as far as an edge needs."""
    if ground.is_light or colors.contrast(color, ground.surface) >= 1.6:
        return color
    shade = colors.to_oklch(color)
    if shade.chroma < 0.04:
        return colors.from_oklch(shade._replace(lightness=max(1 - shade.lightness, 0.92)))
    return colors.readable(color, ground.all, EDGE_RATIO, darker=False)


def _fill(color: str) -> str:
    """The colour as a filled area: a mid tone on which white nearly reads is darkened until it does."""
    if EDGE_RATIO <= colors.contrast(colors.WHITE, color) < TEXT_RATIO:
        return colors.readable(color, (colors.WHITE,), TEXT_RATIO, darker=True)
    return color


def _hover(fill: str, fg: str) -> str:
    """The fill a little darker; lighter where it is near black, or where the text on it would stop reading."""
    steps = (-0.06, 0.06, -0.03, 0.03) if colors.to_oklch(fill).lightness > 0.3 else (0.1, 0.06, 0.03)
    tried = (colors.moved(fill, step) for step in steps)
    return next((color for color in tried if color != fill and colors.contrast(color, fg) >= TEXT_RATIO), fill)


def _tint(color: str, text: str, ground: Ground) -> str:
    """As little of the colour on a card as is seen; a colour too close to the card lends that of its text."""
    shares = (0.14, 0.22, 0.32, 0.45, 0.6, 0.8, 1.0)
    tried = (colors.mixed(base, ground.surface, share) for base in (color, text) for share in shares)
    return next((tint for tint in tried if colors.contrast(tint, ground.surface) >= 1.1), ground.soft)


def _swatch(color: str, ground: Ground) -> Swatch:
    darker = ground.is_light
    seen = _seen(color, ground)
    fill = _fill(seen)
    fg = colors.fg_on(fill)
    text = colors.readable(seen, ground.all, TEXT_RATIO, darker=darker)
    tint = _tint(seen, text, ground)
    return Swatch(
        raw=color,
        raw_fg=colors.fg_on(color),
        fill=fill,
        fg=fg,
        hover=_hover(fill, fg),
        text=text,
        edge=colors.readable(seen, ground.all, EDGE_RATIO, darker=darker),
        tint=tint,
        on_tint=colors.readable(text, (tint,), TEXT_RATIO, darker=darker),
    )


def tokens(*, primary: str, accent: str = "") -> Theme:
    """Every colour derived from `primary` and `accent` (`primary` again when empty).

    Raises colors.ColorMalformed when either is not #rrggbb.
    """
    main = colors.parse(primary)
    second = colors.parse(accent) if accent else main
    return Theme(_swatch(main, LIGHT), _swatch(main, DARK), _swatch(second, LIGHT), _swatch(second, DARK))


def _variables(swatch: Swatch, prefix: str) -> str:
    named = {field.name.replace("_", "-"): getattr(swatch, field.name) for field in fields(swatch)}
    return "".join(f"{prefix}-{name}:{color};" for name, color in named.items())


def _tabler(swatch: Swatch) -> str:
    named = {
        "primary": swatch.fill,
        "primary-fg": swatch.fg,
        "primary-darken": swatch.hover,
        "primary-lt": swatch.tint,
        "primary-lt-fg": swatch.on_tint,
        "link-color": swatch.text,
        "link-hover-color": swatch.text,
    }
    return "".join(f"--tblr-{name}:{color};" for name, color in named.items())


def _rule(selector: str, swatch: Swatch, accent: Swatch) -> str:
    return f"{selector}{{{_tabler(swatch)}{_variables(swatch, '--brand')}{_variables(accent, '--accent')}}}\n"


def stylesheet(theme: Theme) -> str:
    """The theme as CSS custom properties, nothing but names and #rrggbb values."""
    light = _rule(":root,[data-bs-theme=light]", theme.light, theme.light_accent)
    return light + _rule("[data-bs-theme=dark]", theme.dark, theme.dark_accent)


def digest(css: str) -> str:
    """Twelve hex digits that change with the stylesheet: its address, so that it may be cached for ever."""
    return hashlib.sha256(css.encode()).hexdigest()[:12]


def _ratio(color: str, grounds: tuple[str, ...]) -> int:
    return int(min(colors.contrast(color, ground) for ground in grounds) * 100)


def _mode_adjustments(swatch: Swatch, ground: Ground) -> list[Adjustment]:
    roles = [
        ("fill", swatch.fill, (swatch.fg,), TEXT_RATIO),
        ("text", swatch.text, ground.all, TEXT_RATIO),
        ("edge", swatch.edge, ground.all, EDGE_RATIO),
    ]
    return [
        Adjustment(
            role=role,
            is_dark=not ground.is_light,
            asked=swatch.raw,
            used=used,
            ratio_before=_ratio(swatch.raw, against),
            ratio_after=_ratio(used, against),
            ratio_needed=int(needed * 100),
        )
        for role, used, against, needed in roles
        if used != swatch.raw
    ]


def adjustments(primary: str) -> list[Adjustment]:
    """What is changed of `primary` so that it reads, light first; empty when nothing is.

    Raises colors.ColorMalformed when it is not #rrggbb.
    """
    theme = tokens(primary=primary)
    return _mode_adjustments(theme.light, LIGHT) + _mode_adjustments(theme.dark, DARK)
