"""Pictures are fetched once, drawn anew, worn until another one is drawn; every way to fail has its sentence."""

import io
import threading
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from PIL import Image

from agencies.models import Agency
from branding import pictures
from branding.models import Branding, Picture
from follow_ups.models import FollowUp
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint

pytestmark = pytest.mark.django_db
LOGO, DARK, FAVICON = Picture.Role.LOGO, Picture.Role.LOGO_DARK, Picture.Role.FAVICON


def png(color: str = "#3366cc", size: tuple[int, int] = (120, 100)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def there(settings: Any) -> Iterator[Endpoint]:
    """A web server on loopback, which the operator of this test allows."""
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]
    with endpoints.listening() as found:
        yield found


def drawn(agency: Agency, role: Picture.Role = LOGO) -> Picture:
    """The picture after the job has run."""
    pictures.make(agency_id=agency.pk, role=role)
    return Picture.objects.get(agency=agency, role=role)


def worn(agency: Agency) -> dict[str, Any]:
    return Branding.objects.get(agency=agency).pictures


def test_a_picture_is_fetched_drawn_and_worn(acme: Agency, there: Endpoint) -> None:
    there.says(png())
    asked = pictures.ask_url(agency_id=acme.pk, role=LOGO, url=there.url)
    assert asked.state == Picture.State.WAITING
    assert FollowUp.objects.get(agency=acme, kind=pictures.KIND).subject == "logo"
    picture = drawn(acme)
    assert picture.state == Picture.State.READY
    assert worn(acme)["logo"] == {"digest": picture.digest, "width": 120, "height": 100}
    assert worn(acme)["favicon"] == {"digest": picture.icon_digest}
    found = pictures.found(picture.digest)
    assert found is not None
    assert found != png()
    assert Image.open(io.BytesIO(found)).size == (120, 100)


def test_it_is_fetched_once(acme: Agency, there: Endpoint) -> None:
    there.says(png())
    pictures.ask_url(agency_id=acme.pk, role=LOGO, url=there.url)
    for _ in range(3):
        drawn(acme)
    assert len(there.requests) == 1


def test_what_is_worn_stays_when_the_next_one_is_refused(acme: Agency, there: Endpoint) -> None:
    pictures.ask_upload(agency_id=acme.pk, role=LOGO, content=png())
    before = drawn(acme).digest
    there.says(b"<!doctype html><html>")
    pictures.ask_url(agency_id=acme.pk, role=LOGO, url=there.url)
    after = drawn(acme)
    assert (after.state, worn(acme)["logo"]["digest"]) == (Picture.State.REFUSED, before)
    assert "web page, not a picture" in pictures.why(after)


def test_an_upload_is_kept_only_until_it_is_drawn(acme: Agency) -> None:
    for content in (png(), b"no picture"):
        pictures.ask_upload(agency_id=acme.pk, role=LOGO, content=content)
        assert Picture.objects.get(agency=acme).upload is not None
        assert drawn(acme).upload is None


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        ("404 Not Found", png(), "does not give the picture"),
        ("301 Moved\r\nLocation: http://127.0.0.1:1/", b"", "does not give the picture"),
        ("302 Found\r\nLocation: http://169.254.169.254/latest", b"", "does not give the picture"),
        ("200 OK", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "how large it is"),
        ("200 OK", b"\x00" * 1000, "no picture that we can read"),
        ("200 OK", b"\x00" * (pictures.MOST_BYTES + 1), "larger than 512 KB"),
    ],
)
def test_each_answer_that_is_no_picture_has_its_sentence(
    acme: Agency, there: Endpoint, status: str, body: bytes, words: str
) -> None:
    there.says(body, status)
    pictures.ask_url(agency_id=acme.pk, role=LOGO, url=there.url)
    picture = drawn(acme)
    assert picture.state == Picture.State.REFUSED
    assert words in pictures.why(picture)
    assert len(there.requests) == 1
    assert worn(acme) == {}


def test_a_server_that_never_ends_is_left(acme: Agency, there: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_WITHIN_MS", 300)
    there.drips()
    pictures.ask_url(agency_id=acme.pk, role=LOGO, url=there.url)
    assert "more than ten seconds" in pictures.why(drawn(acme))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/logo.png",
        "https://[::1]/logo.png",
        "https://10.0.0.8/logo.png",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/logo.png",
        "http://acme.example/logo.png",
        "ftp://acme.example/logo.png",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "logo.png",
        "",
    ],
)
def test_an_address_that_is_never_asked_is_refused_at_once(acme: Agency, settings: Any, url: str) -> None:
    settings.OUTSIDE_NETWORKS = []
    with pytest.raises(pictures.PictureRefused):
        pictures.ask_url(agency_id=acme.pk, role=LOGO, url=url)
    assert not Picture.objects.exists()


def test_a_name_that_leads_inside_is_refused_when_it_is_asked(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the name server says then, whatever it said when the address was typed."""
    from ipaddress import ip_address

    from outside import guarded

    inside = guarded.Gate(lookup=lambda host, seconds: (ip_address("10.0.0.8"),), most_bytes=pictures.MOST_BYTES)
    monkeypatch.setattr(guarded, "from_settings", lambda **how: inside)
    pictures.ask_url(agency_id=acme.pk, role=LOGO, url="https://logo.example.com/a.png")
    assert "private network" in pictures.why(drawn(acme))


@pytest.mark.parametrize("content", [b"", b"x" * (pictures.MOST_BYTES + 1)])
def test_an_upload_that_is_empty_or_too_large_is_refused_at_once(acme: Agency, content: bytes) -> None:
    with pytest.raises(pictures.PictureRefused):
        pictures.ask_upload(agency_id=acme.pk, role=LOGO, content=content)


def test_what_comes_of_an_earlier_request_is_dropped(acme: Agency, there: Endpoint) -> None:
    asked_again = threading.Event()

    def slow(connection: Any, request: Any) -> None:
        # Meanwhile somebody uploads another one.
        asked_again.wait(10)
        body = png("#ff0000")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    there.reply = slow
    pictures.ask_url(agency_id=acme.pk, role=LOGO, url=there.url)
    stale = Picture.objects.get(agency=acme)
    pictures.ask_upload(agency_id=acme.pk, role=LOGO, content=png("#00ff00"))
    asked_again.set()
    newest = drawn(acme)
    pictures._keep(stale, pictures.redraw.redraw(png("#ff0000")))
    assert Picture.objects.get(agency=acme).digest == newest.digest == worn(acme)["logo"]["digest"]


def test_an_icon_of_its_own_comes_before_the_one_of_the_logo(acme: Agency) -> None:
    for role, color in ((LOGO, "#111111"), (FAVICON, "#eeeeee")):
        pictures.ask_upload(agency_id=acme.pk, role=role, content=png(color))
        drawn(acme, role)
    own = Picture.objects.get(agency=acme, role=FAVICON).icon_digest
    assert worn(acme)["favicon"] == {"digest": own}
    pictures.remove(agency_id=acme.pk, role=FAVICON)
    assert worn(acme)["favicon"] == {"digest": Picture.objects.get(agency=acme, role=LOGO).icon_digest}
    pictures.remove(agency_id=acme.pk, role=LOGO)
    assert worn(acme) == {}
    assert pictures.found(own) is None


def test_every_reason_has_a_sentence() -> None:
    from branding.redraw import Why as NotDrawn
    from outside.guarded import Why as NoAnswer

    reasons = [*NotDrawn, *NoAnswer]
    assert len({reason.value for reason in reasons}) == len(reasons)
    sentences = {pictures.why(Picture(state=Picture.State.REFUSED, why=reason)) for reason in reasons}
    assert len(sentences) == len(reasons)
