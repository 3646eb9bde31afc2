"""A process of its own that draws a picture anew: whatever was hidden in the file, only pixels come out.

It reads the file from its standard input and writes one JSON object: `png` (base64), `width`, `height` and perhaps
`icon`, or `refused` with a reason. It begins by giving up memory, time and files, so that a file made to burst ends
this process and nothing else. Run by its path, it imports nothing of ours.
"""

import base64
import io
import json
import re
import resource
import sys
from typing import Any
from xml.parsers import expat

_MEGABYTE = 1024 * 1024
# Twice what the largest place shows: 480 by 144.
BOX = (960, 288)
ICON = 96
# A logo this much wider than high leaves nothing to see in a square.
_WIDEST_ICON = 2.5
_MOST_PIXELS = 24_000_000
_SMALLEST, _LONGEST_SHAPE = 16, 20
_HEAVIEST = 120 * 1024
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(?:px)?\s*\Z")
_EMBEDDED = re.compile(r"\s*(?:#|data:image/(?:png|jpeg|jpg|gif|webp)[;,])", re.IGNORECASE)


class Refused(Exception):
    """The file is not drawn. The argument is a value of branding.redraw.Why."""


class _Drawing:
    """What is read of an SVG before anything draws it: its size, and that nothing in it leads out of it."""

    def __init__(self, content: bytes) -> None:
        self.root: dict[str, str] | None = None
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise Refused("broken") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self.root is None:
            if name.rpartition(" ")[2] != "svg":
                raise Refused("unknown")
            self.root = attributes
        for key, value in attributes.items():
            is_followed = key.rpartition(" ")[2] == "href" and name.rpartition(" ")[2] != "a"
            # The library would open such a file on our disk.
            if is_followed and value.strip() and not _EMBEDDED.match(value):
                raise Refused("leads_out")

    def _entity(self, *said: Any) -> None:
        raise Refused("entities")

    def size(self) -> tuple[float, float]:
        """Width and height as the file says."""
        root = self.root or {}
        sides = [_NUMBER.match(root.get(name, "")) for name in ("width", "height")]
        if all(sides):
            width, height = (float(side[1]) for side in sides if side)
        else:
            box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
            if len(box) != 4:
                raise Refused("no_size")
            try:
                width, height = float(box[2]), float(box[3])
            except ValueError as error:
                raise Refused("no_size") from error
        # Also false for what is no number at all.
        if not (0 < width < 1e6 and 0 < height < 1e6):
            raise Refused("no_size")
        return width, height


def limit() -> None:
    """Give up what drawing one picture does not need."""
    for what, most in (
        (resource.RLIMIT_AS, 768 * _MEGABYTE),
        (resource.RLIMIT_CPU, 10),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def is_svg(content: bytes) -> bool:
    """Whether the file is XML with a drawing in it."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"<") and b"<svg" in start


def draw(content: bytes) -> dict[str, Any]:
    """The picture as PNG, at most as large as BOX. Raises Refused."""
    from PIL import Image

    head = content[:2048].lower()
    if b"<html" in head or b"<!doctype html" in head:
        raise Refused("page")
    image = _opened(_rasterised(content) if is_svg(content) else content)
    if min(image.size) < _SMALLEST:
        raise Refused("too_small")
    if max(image.size) > min(image.size) * _LONGEST_SHAPE:
        raise Refused("shape")
    image.thumbnail(BOX, Image.Resampling.LANCZOS)
    drawn = {"png": _encoded(image), "width": image.width, "height": image.height}
    if max(image.size) <= min(image.size) * _WIDEST_ICON:
        drawn["icon"] = _encoded(_squared(image))
    return drawn


def _rasterised(content: bytes) -> bytes:
    """The drawing at twice its size, or larger where it is tiny, as far as BOX allows."""
    import resvg_py

    width, height = _Drawing(content).size()
    if max(width, height) > min(width, height) * _LONGEST_SHAPE:
        raise Refused("shape")
    scale = min(max(2.0, BOX[1] / 3 / height), BOX[0] / width, BOX[1] / height)
    try:
        text = content.decode("utf-8-sig")
        return bytes(resvg_py.svg_to_bytes(svg_string=text, width=max(1, round(width * scale))))
    except ValueError as error:
        raise Refused("broken") from error


def _opened(content: bytes) -> Any:
    from PIL import Image, ImageOps

    # Judged by ourselves, before anything is unpacked.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP", "GIF", "ICO"))
    except Exception as error:
        raise Refused("unknown") from error
    if image.width * image.height > _MOST_PIXELS:
        raise Refused("pixels")
    try:
        return ImageOps.exif_transpose(image).convert("RGBA")
    except Exception as error:
        raise Refused("broken") from error


def _squared(image: Any) -> Any:
    from PIL import Image, ImageOps

    fitting = ImageOps.contain(image, (ICON, ICON), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (ICON, ICON), (0, 0, 0, 0))
    square.paste(fitting, ((ICON - fitting.width) // 2, (ICON - fitting.height) // 2))
    return square


def _encoded(image: Any) -> str:
    """As PNG without a word about where it came from; with fewer colours where it would be heavy."""
    from PIL import Image

    fresh = Image.frombytes("RGBA", image.size, image.tobytes())
    written = _written(fresh)
    if len(written) > _HEAVIEST:
        written = _written(fresh.quantize(256, method=Image.Quantize.FASTOCTREE))
    return base64.b64encode(written).decode()


def _written(image: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    limit()
    try:
        said = draw(sys.stdin.buffer.read())
    except Refused as refused:
        said = {"refused": str(refused)}
    except MemoryError:
        said = {"refused": "pixels"}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
