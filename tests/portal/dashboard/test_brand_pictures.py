"""Logo and icon on the dashboard and on the portal: asked for, drawn by a job, worn, each state readable."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from agencies import activation
from agencies.models import Agency
from branding.models import Branding, Picture
from portal.jobs import KINDS
from tenancy import door

pytestmark = pytest.mark.django_db


def file(color: str = "#3366cc", size: tuple[int, int] = (120, 100)) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return SimpleUploadedFile("logo.png", out.getvalue(), "image/png")


@pytest.fixture
def draw(acme: Agency, django_capture_on_commit_callbacks: Any) -> Any:
    """Run the job, as a worker does."""

    def run(role: str = "logo") -> None:
        with django_capture_on_commit_callbacks(execute=True), door.enter(acme):
            KINDS["picture"](role)

    return run


def logo_line(agency: Agency) -> activation.Requirement:
    fresh = Agency.objects.select_related("branding").get(pk=agency.pk)
    return next(line for line in activation.requirements(fresh) if line.key == "logo")


def test_an_uploaded_logo_is_on_every_page_once_it_is_drawn(ada, acme, draw) -> None:
    portal = Client(HTTP_HOST="acme.portal.localhost")
    before = portal.get("/account/login/").content.decode()
    assert "/brand/initials-" in before
    assert ada.post("brand/pictures/logo/", **{"logo-upload": file()}).status_code == 302
    waiting = ada.get("brand/pictures/").content.decode()
    assert "On its way" in waiting
    assert "hx-trigger" in waiting
    draw()
    shown = ada.get("brand/pictures/").content.decode()
    digest = Branding.objects.get(agency=acme).pictures["logo"]["digest"]
    assert "In use" in shown
    assert "hx-trigger" not in shown
    after = portal.get("/account/login/").content.decode()
    assert f'src="/brand/{digest}.png"' in after
    icon = Branding.objects.get(agency=acme).pictures["favicon"]["digest"]
    assert f'<link rel="icon" href="/brand/{icon}.png">' in after


def test_a_picture_is_served_for_ever_and_as_nothing_but_a_picture(ada, acme, draw) -> None:
    ada.post("brand/pictures/logo/", **{"logo-upload": file()})
    draw()
    digest = Branding.objects.get(agency=acme).pictures["logo"]["digest"]
    for host in ("acme.portal.localhost", "portal.localhost"):
        answer = Client(HTTP_HOST=host).get(f"/brand/{digest}.png")
        assert answer.headers["Content-Type"] == "image/png"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        # A mail that is read in a browser shows it.
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert Client(HTTP_HOST="acme.portal.localhost").get(f"/brand/{'0' * 32}.png").status_code == 404


def test_a_wide_logo_stands_where_the_name_stood_with_a_dark_one_beside_it(ada, acme, draw) -> None:
    ada.post("brand/pictures/logo/", **{"logo-upload": file(size=(300, 60))})
    ada.post("brand/pictures/logo_dark/", **{"logo_dark-upload": file("#ffffff", size=(300, 60))})
    draw("logo")
    draw("logo_dark")
    page = Client(HTTP_HOST="acme.portal.localhost").get("/account/login/").content.decode()
    assert page.count('alt="Acme Voice"') == 2
    assert 'class="plain-brand-name"' not in page
    assert 'class="ui-when-dark"' in page


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "url", "Give an address, or choose a file"),
        ({"logo-url": "https://127.0.0.1/logo.png"}, "url", "private network"),
        ({"logo-url": "http://acme.example/logo.png"}, "url", "https://"),
        ({"logo-upload": SimpleUploadedFile("logo.png", b"")}, "upload", "empty"),
        ({"logo-upload": SimpleUploadedFile("logo.png", b"x" * 600_000)}, "upload", "512 KB"),
        ({"logo-url": "https://acme.example/a.png", "logo-upload": file()}, "upload", "not both"),
    ],
)
def test_what_cannot_be_a_picture_is_said_beside_its_field(
    ada, settings, given: dict[str, Any], field: str, words: str
) -> None:
    settings.OUTSIDE_NETWORKS = []
    answer = ada.post("brand/pictures/logo/", **given)
    assert answer.status_code == 200
    form = answer.context["slots"][0].form
    assert words in " ".join(form.errors[field])
    assert not Picture.objects.exists()


def test_a_refused_picture_says_why_beside_its_field(ada, draw) -> None:
    ada.post("brand/pictures/logo/", **{"logo-upload": SimpleUploadedFile("logo.png", b"<html>")})
    draw()
    page = ada.get("brand/pictures/").content.decode()
    assert "Refused" in page
    assert "This is a web page, not a picture." in page


def test_the_checklist_says_how_the_logo_stands_and_never_stops_for_it(ada, acme, draw) -> None:
    assert (logo_line(acme).state, logo_line(acme).is_required) == (activation.State.MISSING, False)
    ada.post("brand/pictures/logo/", **{"logo-upload": SimpleUploadedFile("logo.png", b"hello")})
    assert logo_line(acme).state is activation.State.WAITING
    draw()
    assert logo_line(acme).state is activation.State.WRONG
    assert "no picture that we can read" in ada.get("set-up/").content.decode()
    ada.post("brand/pictures/logo/", **{"logo-upload": file()})
    draw()
    assert logo_line(acme).state is activation.State.DONE
    ada.post("brand/pictures/logo/remove/")
    assert logo_line(acme).state is activation.State.MISSING


def test_the_icon_without_a_logo_is_the_initials_in_the_brands_colour(acme) -> None:
    Branding.objects.filter(agency=acme).update(company_name="<Acme> & Voice", primary_color="#fff3a0")
    portal = Client(HTTP_HOST="acme.portal.localhost")
    answer = portal.get("/brand/initials-abc.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    drawn = answer.content.decode()
    assert "#fff3a0" in drawn
    assert "<Acme>" not in drawn


def test_a_manager_may_and_a_viewer_may_not(mia, vic) -> None:
    for path in ("brand/pictures/logo/", "brand/pictures/logo/remove/"):
        assert vic.post(path, **{"logo-upload": file()}).status_code == 403
    assert mia.post("brand/pictures/logo/", **{"logo-upload": file()}).status_code == 302
    assert vic.get("brand/pictures/").status_code == 200
    assert mia.post("brand/pictures/banner/", **{"banner-upload": file()}).status_code == 404
