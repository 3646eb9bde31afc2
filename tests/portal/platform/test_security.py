"""Where a member is signed in: seen, ended by hand, ended by time."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Visitor
from django.utils import timezone

from agencies import sessions
from agencies.models import Agency, MemberSession
from audit.models import AuditEntry
from people.models import User
from portal.jobs import forget_sessions
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
PAGE = "/agencies/acme/set-up/"


@pytest.fixture
def ada(acme: Agency) -> User:
    return User.objects.get(email="ada@acme.test")


def signed_in(user: User, device: str = FIREFOX, address: str = "192.0.2.7") -> Visitor:
    browser = Visitor(HTTP_HOST="portal.localhost", HTTP_USER_AGENT=device, REMOTE_ADDR=address)
    browser.force_login(user)
    assert browser.get("/security/").status_code == 200
    return browser


def is_out(browser: Visitor) -> bool:
    answer = browser.get(PAGE)
    return answer.status_code == 302 and "/account/login/" in answer.headers["Location"]


def age(**fields: timedelta) -> None:
    for name, by in fields.items():
        MemberSession.objects.update(**{name: timezone.now() - by})


def test_every_place_is_shown_with_its_device_and_address(ada: User) -> None:
    signed_in(ada, IPHONE, "198.51.100.2")
    said = text_of(signed_in(ada).get("/security/"))
    assert "Firefox on Linux 192.0.2.7" in said
    assert "Safari on iPhone 198.51.100.2" in said
    assert said.count("Here") == 1
    assert said.count("Log out there") == 1


def test_one_place_is_ended_from_another(ada: User) -> None:
    phone = signed_in(ada, IPHONE)
    there = MemberSession.objects.get()
    here = signed_in(ada)
    assert here.post(f"/security/sessions/{there.pk}/end/").status_code == 302
    assert is_out(phone)
    assert not is_out(here)
    assert AuditEntry.objects.get().what == "session.ended"


def test_nobody_ends_a_place_of_somebody_else(ada: User, globex: Agency) -> None:
    signed_in(ada)
    gus = signed_in(User.objects.get(email="gus@globex.test"))
    there = MemberSession.objects.get(user_id=ada.pk)
    assert gus.post(f"/security/sessions/{there.pk}/end/").status_code == 404
    assert MemberSession.objects.filter(pk=there.pk).exists()


def test_signing_out_everywhere_ends_this_place_too(ada: User) -> None:
    phone, here = signed_in(ada, IPHONE), signed_in(ada)
    assert here.post("/security/sessions/end/").headers["Location"] == "/account/login/"
    assert is_out(phone)
    assert is_out(here)
    assert AuditEntry.objects.get().what == "session.all_ended"


def test_half_an_hour_without_anybody_ends_it(ada: User) -> None:
    browser = signed_in(ada)
    age(seen_at=timedelta(minutes=29))
    assert not is_out(browser)
    age(seen_at=timedelta(minutes=30))
    assert is_out(browser)
    assert "_auth_user_id" not in browser.session


def test_working_on_keeps_it_and_a_page_that_polls_does_not(ada: User) -> None:
    browser = signed_in(ada)
    age(seen_at=timedelta(minutes=20))
    browser.get(PAGE, headers={"HX-Request": "true"})
    assert timezone.now() - MemberSession.objects.get().seen_at > timedelta(minutes=19)
    browser.get(PAGE)
    assert timezone.now() - MemberSession.objects.get().seen_at < timedelta(minutes=1)


def test_twelve_hours_end_it_in_any_case(ada: User) -> None:
    browser = signed_in(ada)
    age(began_at=timedelta(hours=12))
    assert is_out(browser)


def test_seen_is_noted_once_a_minute(ada: User) -> None:
    browser = signed_in(ada)
    before = MemberSession.objects.get().seen_at
    browser.get(PAGE)
    assert MemberSession.objects.get().seen_at == before


def test_a_place_of_another_person_holds_no_session(ada: User, globex: Agency) -> None:
    row = sessions.begin(user_id=User.objects.get(email="gus@globex.test").pk, device="", came_from=None)
    browser = Visitor(HTTP_HOST="portal.localhost")
    browser.force_login(ada)
    session = browser.session
    session["member_session"] = str(row.pk)
    session.save()
    assert is_out(browser)


def test_somebody_who_is_disabled_is_out(ada: User) -> None:
    browser = signed_in(ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert is_out(browser)


def test_a_new_password_ends_the_other_places(ada: User) -> None:
    browser = signed_in(ada)
    ada.set_password("a new and long secret")
    ada.save()
    assert is_out(browser)


def test_what_has_run_out_is_forgotten(ada: User) -> None:
    signed_in(ada)
    age(seen_at=timedelta(hours=1))
    sessions.begin(user_id=ada.pk, device="", came_from=None)
    forget_sessions()
    assert MemberSession.objects.count() == 1


def test_a_portal_keeps_no_places(acme: Agency, ada: User, cast: Any) -> None:
    cast.on_portal_of_acme("ben").get("/")
    assert not MemberSession.objects.exists()
