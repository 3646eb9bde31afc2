"""An owner signs up, proves the address by a code, and is in the dashboard of the agency that was opened."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from agencies import opening
from agencies.models import Agency, Membership
from agencies.opening import open_agency
from people.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST="portal.localhost")


def sign_up(browser: Client, **changed: str):
    filled = {"company": "Harbour Voice", "slug": "", "email": "hana@harbour.test", "password1": PASSWORD, **changed}
    return browser.post("/account/signup/", filled)


def code() -> str:
    return re.search(r"^\s+([A-Z0-9]+-[A-Z0-9]+)$", mail.outbox[-1].body, re.MULTILINE)[1]


def enter_code(browser: Client):
    return browser.post("/account/confirm-email/", {"code": code()})


def test_the_agency_is_opened_when_the_address_is_proved(browser: Client) -> None:
    sign_up(browser)
    assert not Agency.objects.filter(slug="harbour-voice").exists()
    assert enter_code(browser).headers["Location"] == "/agencies/harbour-voice/set-up/"
    agency = Agency.objects.get(slug="harbour-voice")
    assert agency.branding.company_name == "Harbour Voice"
    assert Membership.objects.get(agency=agency).user.email == "hana@harbour.test"


def test_the_owner_sees_the_checklist_after_the_code(browser: Client) -> None:
    sign_up(browser)
    page = browser.get(enter_code(browser).headers["Location"])
    assert page.status_code == 200
    assert b"Stripe secret key" in page.content


def test_a_wrong_code_opens_nothing(browser: Client) -> None:
    sign_up(browser)
    assert browser.post("/account/confirm-email/", {"code": "WRONG-CODE"}).status_code == 200
    assert not Agency.objects.filter(slug="harbour-voice").exists()


def test_an_own_slug_is_used(browser: Client) -> None:
    sign_up(browser, slug="Harbour")
    assert enter_code(browser).headers["Location"] == "/agencies/harbour/set-up/"


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("acme", "This address is taken."),
        ("admin", "This address is reserved."),
        ("ab", "Use 3 to 50 lowercase letters"),
        ("-acme", "Use 3 to 50 lowercase letters"),
        ("a_b_c", "Use 3 to 50 lowercase letters"),
        ("xn--acme", "two hyphens"),
        ("x" * 51, "Use 3 to 50 lowercase letters"),
    ],
)
def test_a_slug_that_cannot_be_had_is_explained_beside_the_field(browser: Client, slug: str, sentence: str) -> None:
    page = sign_up(browser, slug=slug)
    assert page.status_code == 200
    assert sentence in str(page.context["form"].errors["slug"])
    assert not mail.outbox


def test_a_taken_suggestion_is_numbered(browser: Client) -> None:
    sign_up(browser, company="Acme")
    assert enter_code(browser).headers["Location"] == "/agencies/acme-2/set-up/"


def test_a_company_without_letters_is_asked_for_an_address(browser: Client) -> None:
    assert "Please choose one" in str(sign_up(browser, company="株式会社").context["form"].errors["slug"])


def test_a_slug_taken_meanwhile_is_asked_for_again_and_nothing_is_lost(browser: Client) -> None:
    sign_up(browser)
    open_agency(slug="harbour-voice", company_name="Quicker", owner=User.objects.create_user("q@quick.test"))
    answer = enter_code(browser)
    assert answer.headers["Location"] == "/open/"
    assert b"Harbour Voice" in browser.get("/open/").content
    opened = browser.post("/open/", {"company": "Harbour Voice", "slug": "harbour-two"})
    assert opened.headers["Location"] == "/agencies/harbour-two/set-up/"


def test_a_second_sign_up_with_the_same_address_looks_the_same_and_tells_its_owner(browser: Client) -> None:
    first = sign_up(browser)
    enter_code(browser)
    cache.clear()
    stranger = Client(HTTP_HOST="portal.localhost")
    second = sign_up(stranger, company="Somebody Else")
    assert (second.status_code, second.headers["Location"]) == (first.status_code, first.headers["Location"])
    assert "signed up already" in mail.outbox[-1].body
    assert User.objects.filter(email="hana@harbour.test").count() == 1


def test_what_somebody_else_left_in_the_browser_opens_nothing(browser: Client) -> None:
    ada = User.objects.get(email="ada@acme.test")
    ada.set_password(PASSWORD)
    ada.save()
    ada.emailaddress_set.create(email=ada.email, verified=True, primary=True)
    session = browser.session
    session["agency_to_open"] = {"email": "hana@harbour.test", "company": "Harbour", "slug": "harbour-voice"}
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    answer = browser.post("/account/login/", {"login": ada.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/agencies/acme/"
    assert not Agency.objects.filter(slug="harbour-voice").exists()


def wish_again(browser: Client):
    """Sign in with a wish in the session that came true, or was refused, before."""
    browser.logout()
    browser.get("/account/login/")
    session = browser.session
    session["agency_to_open"] = {"email": "hana@harbour.test", "company": "Harbour", "slug": "harbour-voice"}
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return browser.post("/account/login/", {"login": "hana@harbour.test", "password": PASSWORD})


def test_a_wish_that_came_true_leads_to_its_agency_and_is_forgotten(browser: Client) -> None:
    sign_up(browser)
    enter_code(browser)
    assert wish_again(browser).headers["Location"] == "/agencies/harbour-voice/set-up/"
    assert "agency_to_open" not in browser.session
    assert b"taken" not in browser.get("/agencies/harbour-voice/set-up/").content


def test_whoever_has_enough_agencies_arrives_at_them(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(browser)
    enter_code(browser)
    monkeypatch.setattr(opening, "MOST_OPEN_BY_ONE_OWNER", 1)
    assert wish_again(browser).headers["Location"] == "/agencies/"
    assert "agency_to_open" not in browser.session


def test_a_weak_password_is_explained(browser: Client) -> None:
    assert "too short" in str(sign_up(browser, password1="short").context["form"].errors["password1"])


def test_a_name_with_a_line_break_cannot_reach_a_header(browser: Client) -> None:
    sign_up(browser, company="Harbour\r\nBcc: all@world.test")
    enter_code(browser)
    assert Agency.objects.get(slug__startswith="harbour").branding.company_name == "Harbour Bcc: all@world.test"
