"""Name and colours, readable whatever is chosen, worn by the portal at once."""

import pytest
from django.test import Client

from branding.models import Branding

pytestmark = pytest.mark.django_db
GOOD = {"company_name": "Acme Voice", "primary_color": "#FFF3A0", "accent_color": "#0f766e"}


def test_the_portal_wears_a_new_name_and_colour_at_once(ada, django_capture_on_commit_callbacks) -> None:
    portal = Client(HTTP_HOST="acme.portal.localhost")
    before = portal.get("/account/login/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        ada.post("brand/", **{**GOOD, "company_name": "Acme Two", "support_email": "help@acme.test"})
    after = portal.get("/account/login/").content.decode()
    digest = Branding.objects.get(agency__slug="acme").stylesheet_digest
    assert "Acme Two" in after
    assert f"/theme/{digest}.css" in after
    assert digest not in before
    assert b"#fff3a0" in portal.get(f"/theme/{digest}.css").content


def test_a_pale_colour_is_kept_and_shown_with_what_is_adjusted(ada) -> None:
    page = ada.get("brand/preview/", primary_color="#fff3a0", accent_color="#0f766e").content.decode()
    assert "#fff3a0" in page
    assert "Links: #7" in page
    assert "style=" not in page


def test_a_preview_of_nonsense_shows_what_is_saved(ada) -> None:
    page = ada.get("brand/preview/", primary_color='"><script>', accent_color="url(x)").content.decode()
    assert "<script>" not in page
    assert "#3b82f6" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("primary_color", "red"),
        ("primary_color", "#12345"),
        ("primary_color", "#123456;}"),
        ("accent_color", "#１２３４５６"),
        ("company_name", ""),
        ("company_name", "x" * 81),
        ("support_email", "nobody"),
        ("privacy_url", "javascript:alert(1)"),
        ("terms_url", "ftp://acme.test"),
    ],
)
def test_each_error_stands_beside_its_field(ada, field: str, value: str) -> None:
    before = Branding.objects.get(agency__slug="acme").stylesheet_digest
    page = ada.post("brand/", **{**GOOD, field: value})
    assert page.status_code == 200
    assert page.context["form"].errors[field]
    assert Branding.objects.get(agency__slug="acme").stylesheet_digest == before


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "Acme\u202eeciov", "Acme\r\nX: y"])
def test_a_strange_name_is_harmless(ada, name: str) -> None:
    ada.post("brand/", **{**GOOD, "company_name": name})
    stored = Branding.objects.get(agency__slug="acme").company_name
    assert "\n" not in stored
    assert "\u202e" not in stored
    assert "<script>alert" not in ada.get("set-up/").content.decode()


def test_a_manager_may_and_a_viewer_may_not(mia, vic) -> None:
    assert vic.post("brand/", **GOOD).status_code == 403
    assert mia.post("brand/", **GOOD).status_code == 302
