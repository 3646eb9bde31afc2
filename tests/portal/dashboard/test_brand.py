"""Name and colours, readable whatever is chosen, worn by the portal at once."""

import pytest
from django.test import Client
from django.utils import timezone

from agencies.models import Agency
from branding.models import Branding

pytestmark = pytest.mark.django_db
GOOD = {
    "company_name": "Acme Voice",
    "primary_color": "#FFF3A0",
    "accent_color": "#0f766e",
    "light_or_dark": "device",
}


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


def test_the_preview_draws_portal_sign_in_and_mail_in_light_and_dark(ada) -> None:
    page = ada.get("brand/preview/", primary_color="#0b0b0f", accent_color="#0f766e", company_name="<b>New</b> Name")
    drawn = page.content.decode()
    assert drawn.count("<figure") == 2
    assert 'fill="#0b0b0f"' in drawn
    assert "&lt;b&gt;New" in drawn
    assert "Your receipt" in drawn


def test_what_the_sign_in_page_says_is_the_agencys(ada, django_capture_on_commit_callbacks) -> None:
    said = {"login_title": "Welcome\u202e back", "login_text": "Nice to see you.\nCall us <i>any</i> time."}
    with django_capture_on_commit_callbacks(execute=True):
        ada.post("brand/", **{**GOOD, **said})
    page = Client(HTTP_HOST="acme.portal.localhost").get("/account/login/").content.decode()
    assert '<h1 class="plain-title">Welcome back</h1>' in page
    assert "Call us &lt;i&gt;any&lt;/i&gt; time." in page


def test_a_portal_opens_dark_for_whoever_has_not_chosen(ada, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ada.post("brand/", **{**GOOD, "light_or_dark": "dark"})
    page = Client(HTTP_HOST="acme.portal.localhost").get("/account/login/").content.decode()
    assert 'data-bs-theme="dark" data-theme-default="dark"' in page


def test_there_is_no_choice_of_languages_while_there_is_one(ada) -> None:
    assert "language" not in ada.get("brand/").context["form"].fields


def test_visitors_who_have_not_chosen_read_the_agencys_language(
    ada, settings, django_capture_on_commit_callbacks
) -> None:
    settings.LANGUAGES = [("en", "English"), ("nl", "Nederlands")]
    with django_capture_on_commit_callbacks(execute=True):
        assert ada.post("brand/", **{**GOOD, "language": "nl"}).status_code == 302
    portal = Client(HTTP_HOST="acme.portal.localhost")
    assert '<html lang="nl"' in portal.get("/account/login/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    portal.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert '<html lang="en"' in portal.get("/account/login/").content.decode()
    assert '<html lang="en"' in Client(HTTP_HOST="globex.portal.localhost").get("/account/login/").content.decode()


def test_legal_pages_stand_at_sign_up_and_at_the_foot(ada, django_capture_on_commit_callbacks) -> None:
    pages = {name: f"https://acme.test/{name}" for name in ("privacy_url", "terms_url", "imprint_url")}
    with django_capture_on_commit_callbacks(execute=True):
        Agency.objects.filter(slug="acme").update(portal_is_on=True, portal_on_since=timezone.now())
        ada.post("brand/", **{**GOOD, **pages})
    portal = Client(HTTP_HOST="acme.portal.localhost")
    sign_up, welcome = (portal.get(path).content.decode() for path in ("/account/signup/", "/"))
    for address in pages.values():
        assert address in welcome
    assert sign_up.count(pages["terms_url"]) == sign_up.count(pages["privacy_url"]) == 2


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
        ("light_or_dark", "pink"),
        ("login_title", "x" * 81),
        ("login_text", "x" * 301),
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
