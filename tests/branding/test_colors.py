"""A colour is either refused or kept exactly; what is derived from it reads."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branding import colors

HEX = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    "text",
    ["", "#fff", "3b82f6", "#3b82f6\n", "#3b82f6;", "#3b82fg", "#3b82f6 ", "red", "#３b82f6", "#3b82f6}a{b:url(x)"],
)
def test_what_is_not_a_colour_is_refused(text: str) -> None:
    with pytest.raises(colors.ColorMalformed):
        colors.parse(text)


@given(st.text())
def test_only_six_hex_digits_after_a_hash_are_a_colour(text: str) -> None:
    try:
        kept = colors.parse(text)
    except colors.ColorMalformed:
        assert not re.fullmatch("#[0-9a-fA-F]{6}", text)
    else:
        assert re.fullmatch("#[0-9a-f]{6}", kept)


def test_case_does_not_matter() -> None:
    assert colors.parse("#3B82F6") == "#3b82f6"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 2100),
        ("#3b82f6", "#ffffff", 367),
        ("#767676", "#ffffff", 454),
        ("#ff0000", "#ff0000", 100),
    ],
)
def test_contrast_is_the_ratio_of_wcag(one: str, other: str, ratio: int) -> None:
    assert int(colors.contrast(one, other) * 100) == int(colors.contrast(other, one) * 100) == ratio


def test_oklch_of_pure_red_is_the_published_one() -> None:
    shade = colors.to_oklch("#ff0000")
    assert (round(shade.lightness, 3), round(shade.chroma, 3)) == (0.628, 0.258)


@given(HEX)
def test_a_colour_survives_the_way_to_oklch_and_back(color: str) -> None:
    back = colors.from_oklch(colors.to_oklch(color))
    assert all(abs(int(color[i : i + 2], 16) - int(back[i : i + 2], 16)) <= 1 for i in (1, 3, 5))


@given(HEX)
def test_some_text_reads_on_every_colour(color: str) -> None:
    assert colors.contrast(colors.fg_on(color), color) >= 4.5


@given(HEX)
def test_a_colour_is_darkened_no_further_than_needed(color: str) -> None:
    made = colors.readable(color, ("#ffffff",), 4.5, darker=True)
    assert colors.contrast(made, "#ffffff") >= 4.5
    assert made == color or colors.contrast(made, "#ffffff") < 4.8


def test_darkening_keeps_the_hue() -> None:
    made = colors.readable("#fff3a0", ("#ffffff",), 4.5, darker=True)
    assert abs(colors.to_oklch(made).hue - colors.to_oklch("#fff3a0").hue) < 0.05


def test_a_share_of_a_colour_on_another_is_solid() -> None:
    assert colors.mixed("#000000", "#ffffff", 0.5) == "#808080"
