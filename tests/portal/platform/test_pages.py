"""The platform's own pages: the front page, one's agencies, and the operators' admin on its host."""

import pytest
from django.test import Client

from agencies import opening
from agencies.models import Agency
from agencies.opening import open_agency
from people.models import User
from vault import connections

pytestmark = pytest.mark.django_db


def browser(email: str = "", host: str = "portal.localhost") -> Client:
    made = Client(HTTP_HOST=host)
    if email:
        made.force_login(User.objects.get(email=email))
    return made


def test_the_front_page_says_what_it_is_with_two_ways_on() -> None:
    page = browser().get("/").content.decode()
    assert 'href="/account/signup/"' in page
    assert 'href="/account/login/"' in page


def test_who_is_signed_in_goes_to_work() -> None:
    assert browser("ada@acme.test").get("/").headers["Location"] == "/agencies/acme/"


def test_an_owner_of_two_gets_a_list() -> None:
    ada = User.objects.get(email="ada@acme.test")
    open_agency(slug="second", company_name="Second Voice", owner=ada)
    page = browser(ada.email).get("/", follow=True).content.decode()
    assert "Acme Voice" in page
    assert "Second Voice" in page
    assert "Globex" not in page


def test_somebody_without_an_agency_is_asked_to_open_one() -> None:
    User.objects.create_user("sam@nobody.test")
    assert browser("sam@nobody.test").get("/agencies/").headers["Location"] == "/open/"


def test_another_agency_can_be_opened() -> None:
    answer = browser("ada@acme.test").post("/open/", {"company": "Acme Two", "slug": ""})
    assert answer.headers["Location"] == "/agencies/acme-two/set-up/"


def test_whoever_has_enough_agencies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_OPEN_BY_ONE_OWNER", 1)
    answer = browser("ada@acme.test").post("/open/", {"company": "Acme Two", "slug": ""})
    assert "the most that one person can open" in answer.content.decode()
    assert not Agency.objects.filter(slug="acme-two").exists()


def test_agencies_are_not_opened_by_the_dozen() -> None:
    ada = browser("ada@acme.test")
    answers = [ada.post("/open/", {"company": "", "slug": ""}).status_code for _each in range(21)]
    assert answers == [200] * 20 + [429]
    assert ada.get("/open/").status_code == 200


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("acme", "taken"),
        ("admin", "reserved"),
        ("a", "3 to 50"),
        ("free-one", "free-one is free"),
        ("FREE", "free is free"),
    ],
)
def test_an_address_is_checked_while_it_is_typed(slug: str, words: str) -> None:
    assert words in browser().get("/slug-check/", {"slug": slug}).content.decode()


def test_what_is_typed_is_text() -> None:
    assert b"<script>" not in browser().get("/slug-check/", {"slug": "<script>"}).content


def test_a_strangers_dashboard_is_not_there() -> None:
    assert browser("gus@globex.test").get("/agencies/acme/set-up/").status_code == 404
    assert browser("ada@acme.test").get("/agencies/nobody/set-up/").status_code == 404


def test_the_admin_asks_for_a_sign_in_that_counts_attempts() -> None:
    answer = browser(host="operators.localhost").get("/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/account/login/")


def test_an_owner_is_no_operator() -> None:
    assert browser("ada@acme.test", "operators.localhost").get("/login/").status_code == 403


@pytest.fixture
def operator() -> Client:
    User.objects.create_user("op@platform.test", is_operator=True)
    return browser("op@platform.test", "operators.localhost")


@pytest.mark.parametrize(
    "path", ["agencies/agency", "domains/domain", "inbox/stripeevent", "follow_ups/followup", "people/user"]
)
def test_an_operator_sees_the_state_and_changes_nothing(operator: Client, path: str) -> None:
    assert operator.get(f"/{path}/").status_code == 200
    assert operator.get(f"/{path}/add/").status_code == 403


def test_an_operator_sees_no_secret_and_deletes_nothing(operator: Client, acme: Agency) -> None:
    connections.save_stripe_keys(agency_id=acme.pk, publishable_key="pk_test_CANARY0", secret_key="sk_test_CANARY1")
    user = User.objects.get(email="ada@acme.test")
    for path in (f"/agencies/agency/{acme.pk}/change/", f"/people/user/{user.pk}/change/", "/"):
        page = operator.get(path)
        assert page.status_code == 200
        assert b"CANARY" not in page.content
        assert b"argon2" not in page.content
    assert operator.post(f"/agencies/agency/{acme.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Agency.objects.filter(pk=acme.pk).exists()
    action = {"action": "delete_selected", "_selected_action": [acme.pk], "post": "yes"}
    operator.post("/agencies/agency/", action)
    assert Agency.objects.filter(pk=acme.pk).exists()
