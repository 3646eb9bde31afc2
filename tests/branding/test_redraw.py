"""Pictures are drawn anew: pixels alone come out, and no file bursts what opens it."""

import base64
import io
import os
import zlib
from struct import pack

import pytest
from PIL import Image

from branding.redraw import NotDrawn, Why, redraw


def encoded(width: int = 300, height: int = 100, kind: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#3366cc").save(out, kind, **how)
    return out.getvalue()


def svg(inside: str, root: str = 'width="200" height="40"') -> bytes:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {names} {root}>{inside}</svg>".encode()


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def why(content: bytes) -> Why:
    with pytest.raises(NotDrawn) as caught:
        redraw(content)
    return caught.value.why


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_kind_becomes_a_png_of_ours(kind: str) -> None:
    drawn = redraw(encoded(kind=kind))
    image = opened(drawn.png)
    assert (image.format, image.size) == ("PNG", (300, 100))
    assert (drawn.width, drawn.height) == (300, 100)


def test_nothing_that_was_hidden_in_a_file_comes_out() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET of the camera"
    for given in (encoded(kind="JPEG", exif=exif) + b"<script>SECRET</script>", encoded() + b"PK SECRET"):
        drawn = redraw(given)
        assert b"SECRET" in given
        assert b"SECRET" not in drawn.png


def test_a_large_picture_becomes_small_and_keeps_its_shape() -> None:
    drawn = redraw(encoded(3000, 900))
    assert (drawn.width, drawn.height) == (960, 288)


def test_a_heavy_picture_becomes_light() -> None:
    noise = io.BytesIO()
    Image.frombytes("RGB", (900, 280), os.urandom(900 * 280 * 3)).save(noise, "PNG")
    assert len(redraw(noise.getvalue()).png) < len(noise.getvalue()) / 2


def test_a_drawing_is_rasterised_at_twice_its_size() -> None:
    drawn = redraw(svg('<rect width="100" height="40" fill="#ff0000"/>', 'width="300" height="60"'))
    assert (drawn.width, drawn.height) == (600, 120)
    image = opened(drawn.png).convert("RGBA")
    assert image.getpixel((10, 10)) == (255, 0, 0, 255)
    assert image.getpixel((590, 10))[3] == 0


def test_a_tiny_drawing_is_drawn_larger_and_a_huge_one_smaller() -> None:
    assert redraw(svg('<circle r="9"/>', 'viewBox="0 0 24 24"')).height == 96
    assert redraw(svg('<circle r="9"/>', 'width="90000" height="30000"')).width <= 960


def test_the_icon_is_a_square_and_absent_where_little_would_be_left() -> None:
    icon = redraw(encoded(200, 100)).icon
    assert icon is not None
    assert opened(icon).size == (96, 96)
    assert redraw(encoded(400, 100)).icon is None


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="/etc/passwd" width="9" height="9"/>',
        '<image xlink:href="file:///etc/passwd" width="9" height="9"/>',
        '<image href="https://evil.example/pixel.png" width="9" height="9"/>',
        '<image href="data:image/svg+xml;base64,PHN2Zy8+" width="9" height="9"/>',
        '<use href="other.svg#a"/>',
        '<filter id="f"><feImage href="secret.png"/></filter>',
    ],
)
def test_a_drawing_that_takes_in_something_else_is_refused(inside: str) -> None:
    assert why(svg(inside)) is Why.LEADS_OUT


def test_a_file_on_our_disk_is_never_drawn(tmp_path) -> None:
    """The library would open it: the refusal above is what keeps it from doing so."""
    inside = tmp_path / "inside.png"
    inside.write_bytes(encoded(50, 50))
    assert why(svg(f'<image href="{inside}" width="50" height="50"/>')) is Why.LEADS_OUT


def test_what_is_inside_a_drawing_is_drawn() -> None:
    inner = f"data:image/png;base64,{base64.b64encode(encoded(9, 9)).decode()}"
    uses = '<defs><g id="a"><rect width="9" height="9"/></g></defs><use href="#a"/>'
    links = '<a href="https://acme.example"><rect width="9" height="9"/></a>'
    assert redraw(svg(f'<image href="{inner}" width="9" height="9"/>{uses}{links}')).width == 480


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + svg("<text>&b;</text>")
    outside = b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<text>&x;</text>")
    assert (why(bomb), why(outside)) == (Why.ENTITIES, Why.ENTITIES)


def bomb_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large, and packs into next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")


def test_a_picture_that_unpacks_into_too_much_is_refused_before_it_is_unpacked() -> None:
    assert why(bomb_of(60_000, 60_000)) is Why.PIXELS


def test_a_drawing_that_multiplies_ends_its_own_process_and_nothing_else() -> None:
    groups = "".join(f'<g id="g{i}">' + f'<use href="#g{i - 1}"/>' * 40 + "</g>" for i in range(1, 12))
    inside = f'<defs><g id="g0"><rect width="9" height="9"/></g>{groups}</defs><use href="#g11"/>'
    assert why(svg(inside)) in (Why.BROKEN, Why.BURST)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Why.UNKNOWN),
        (b"hello", Why.UNKNOWN),
        (b"%PDF-1.7", Why.UNKNOWN),
        (b"<!DOCTYPE html><html><svg></svg></html>", Why.PAGE),
        (encoded()[:150], Why.BROKEN),
        (svg("<rect")[:-10], Why.BROKEN),
        (encoded(9, 9), Why.TOO_SMALL),
        (encoded(4000, 16), Why.SHAPE),
        (svg("<rect/>", ""), Why.NO_SIZE),
        (svg("<rect/>", 'width="nan" height="1"'), Why.NO_SIZE),
        (svg("<rect/>", 'width="0" height="0"'), Why.NO_SIZE),
    ],
)
def test_what_cannot_be_drawn_says_why(content: bytes, reason: Why) -> None:
    assert why(content) is reason
