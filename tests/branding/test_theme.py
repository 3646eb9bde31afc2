"""Whatever colour an agency chooses, its portal reads, and its stylesheet holds nothing but colours."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from branding import colors, theme

HEX = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")

RULE = re.compile(r"(?::root,\[data-bs-theme=light\]|\[data-bs-theme=dark\])\{(?:--[a-z][a-z-]*:#[0-9a-f]{6};)+\}\n")


def check(swatch: theme.Swatch, ground: theme.Ground) -> None:
    assert colors.contrast(swatch.raw_fg, swatch.raw) >= 4.5
    assert colors.contrast(swatch.fg, swatch.fill) >= 4.5
    assert colors.contrast(swatch.fg, swatch.hover) >= 4.5
    assert colors.contrast(swatch.on_tint, swatch.tint) >= 4.5
    for surface in ground.all:
        assert colors.contrast(swatch.text, surface) >= 4.5
        assert colors.contrast(swatch.edge, surface) >= 3


@given(HEX, HEX)
@example("#3b82f6", "#fff3a0")
@example("#0b0b0f", "#ffffff")
@example("#000000", "#767676")
def test_every_token_of_every_colour_reads(primary: str, accent: str) -> None:
    made = theme.tokens(primary=primary, accent=accent)
    check(made.light, theme.LIGHT)
    check(made.light_accent, theme.LIGHT)
    check(made.dark, theme.DARK)
    check(made.dark_accent, theme.DARK)


@given(HEX)
def test_a_tint_is_seen_on_its_card(primary: str) -> None:
    made = theme.tokens(primary=primary)
    assert colors.contrast(made.light.tint, theme.LIGHT.surface) >= 1.1
    assert colors.contrast(made.dark.tint, theme.DARK.surface) >= 1.1


@given(HEX)
def test_a_filled_button_is_seen_in_the_dark(primary: str) -> None:
    assert colors.contrast(theme.tokens(primary=primary).dark.fill, theme.DARK.surface) >= 1.6


@given(HEX, HEX)
def test_the_stylesheet_is_two_rules_of_names_and_colours(primary: str, accent: str) -> None:
    css = theme.stylesheet(theme.tokens(primary=primary, accent=accent))
    assert re.fullmatch(f"({RULE.pattern}){{2}}", css)


@pytest.mark.parametrize("text", ["#3b82f6\n", "#3b82f6;}body{", "url(//evil)", ""])
def test_no_stylesheet_comes_of_what_is_no_colour(text: str) -> None:
    with pytest.raises(colors.ColorMalformed):
        theme.tokens(primary=text)


def test_a_malformed_accent_is_refused_too() -> None:
    with pytest.raises(colors.ColorMalformed):
        theme.tokens(primary="#3b82f6", accent="blue")


def test_without_an_accent_the_primary_serves() -> None:
    made = theme.tokens(primary="#3b82f6")
    assert asdict(made.light_accent) == asdict(made.light)


def test_a_colour_that_reads_everywhere_on_white_is_left_alone_there() -> None:
    assert [one for one in theme.adjustments("#0f766e") if not one.is_dark] == []


def test_a_pale_colour_tells_what_became_of_it() -> None:
    text = next(one for one in theme.adjustments("#FFF3A0") if one.role == "text")
    assert (text.asked, text.is_dark, text.ratio_before) == ("#fff3a0", False, 101)
    assert text.ratio_after >= text.ratio_needed == 450


@given(HEX)
def test_every_adjustment_reaches_what_it_was_made_for(primary: str) -> None:
    assert all(one.used != one.asked and one.ratio_after >= one.ratio_needed for one in theme.adjustments(primary))


def test_the_address_of_a_stylesheet_changes_with_it() -> None:
    one, other = (theme.digest(theme.stylesheet(theme.tokens(primary=c))) for c in ("#3b82f6", "#3b82f7"))
    assert re.fullmatch("[0-9a-f]{12}", one)
    assert one != other


@pytest.mark.parametrize(("ground", "mode"), [(theme.LIGHT, "light"), (theme.DARK, "dark")])
def test_what_is_measured_against_is_what_the_pages_use(ground: theme.Ground, mode: str) -> None:
    css = (Path(__file__).parents[2] / "static/css/tokens.css").read_text()
    block = css.split(f"[data-bs-theme={mode}] {{", 1)[1].split("}", 1)[0]
    for name in ("page", "surface", "soft"):
        assert f"--{name}: {getattr(ground, name)};" in block
