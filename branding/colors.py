"""Colours as `#rrggbb` text: validation, WCAG contrast, and changes of lightness in OKLCH that keep the hue.

Every colour returned is inside sRGB and already rounded to hex, so a contrast measured here is the one on screen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

WHITE = "#ffffff"
BLACK = "#000000"
INK = "#111827"

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z", re.ASCII)
_STEP = 0.004  # of lightness; finer than the eye, coarse enough to stay quick


class ColorMalformed(ValueError):
    """The text is not a colour of the form #rrggbb."""


class Oklch(NamedTuple):
    """Lightness 0 to 1, chroma from 0, hue in radians (Ottosson's OKLab in polar form)."""

    lightness: float
    chroma: float
    hue: float


def parse(text: str) -> str:
    """Return `text` as lower-case #rrggbb. Raises ColorMalformed for anything else, a newline at the end too."""
    if not _HEX.match(text):
        raise ColorMalformed(text)
    return text.lower()


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def luminance(color: str) -> float:
    """Relative luminance, 0 to 1, as WCAG 2.2 defines it."""
    red, green, blue = (_linear(channel) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it; the order does not matter."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def to_oklch(color: str) -> Oklch:
    """The colour in OKLCH."""
    red, green, blue = (_linear(channel) for channel in _channels(color))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    green_red = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    blue_yellow = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return Oklch(lightness, math.hypot(green_red, blue_yellow), math.atan2(blue_yellow, green_red))


def _to_linear(shade: Oklch) -> tuple[float, float, float]:
    green_red, blue_yellow = shade.chroma * math.cos(shade.hue), shade.chroma * math.sin(shade.hue)
    long = (shade.lightness + 0.3963377774 * green_red + 0.2158037573 * blue_yellow) ** 3
    middle = (shade.lightness - 0.1055613458 * green_red - 0.0638541728 * blue_yellow) ** 3
    short = (shade.lightness - 0.0894841775 * green_red - 1.2914855480 * blue_yellow) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _shown(shade: Oklch) -> bool:
    return all(-0.0005 <= light <= 1.0005 for light in _to_linear(shade))


def _within_srgb(shade: Oklch) -> Oklch:
    """Take away chroma, and nothing else, until a screen can show the colour."""
    if _shown(shade):
        return shade
    low, high = 0.0, shade.chroma
    for _ in range(18):
        chroma = (low + high) / 2
        low, high = (chroma, high) if _shown(shade._replace(chroma=chroma)) else (low, chroma)
    return shade._replace(chroma=low)


def from_oklch(shade: Oklch) -> str:
    """The nearest colour a screen can show with this lightness and hue."""
    fitting = _within_srgb(shade._replace(lightness=min(max(shade.lightness, 0.0), 1.0)))
    lights = (min(max(light, 0.0), 1.0) for light in _to_linear(fitting))
    return "#" + "".join(f"{round(_encoded(light) * 255):02x}" for light in lights)


def moved(color: str, lightness: float) -> str:
    """The colour with `lightness` added to its own, hue kept."""
    shade = to_oklch(color)
    return from_oklch(shade._replace(lightness=shade.lightness + lightness))


def mixed(color: str, ground: str, share: float) -> str:
    """`share` (0 to 1) of `color` laid on `ground`, as the solid colour one sees."""
    pairs = zip(_channels(color), _channels(ground), strict=True)
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in pairs)


def _walk(color: str, step: float, holds: Callable[[str], bool], end: str) -> str:
    shade = to_oklch(color)
    lightness = shade.lightness
    while 0 < lightness < 1:
        lightness += step
        tried = from_oklch(shade._replace(lightness=lightness))
        if holds(tried):
            return tried
    return end


def readable(color: str, grounds: tuple[str, ...], ratio: float, *, darker: bool) -> str:
    """The colour, made darker (or lighter) only as far as `ratio` against every one of `grounds` needs.

    Ends at black (or white) at the latest, so it holds for any light (or dark) grounds and ratios up to 4.5.
    """

    def holds(tried: str) -> bool:
        return all(contrast(tried, ground) >= ratio for ground in grounds)

    if holds(color):
        return color
    return _walk(color, -_STEP if darker else _STEP, holds, BLACK if darker else WHITE)


def fg_on(fill: str) -> str:
    """Text that reads on `fill`: white, ink or black, the first with 4.5:1. One of white and black always has it."""
    return next((fg for fg in (WHITE, INK) if contrast(fg, fill) >= 4.5), BLACK)
