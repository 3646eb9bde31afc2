"""A link or a session of one host is nothing on another, also for the same address and the same password."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client as Visitor

from people.models import User
from tenancy import door
from tests.support.cast import PLATFORM_HOST, Cast

pytestmark = pytest.mark.django_db
PASSWORD, CHANGED = "a long enough password", "another long enough one"
ACME, GLOBEX = f"acme.{PLATFORM_HOST}", f"globex.{PLATFORM_HOST}"
HOSTS = [ACME, PLATFORM_HOST, "operators.localhost"]


@pytest.fixture
def everywhere(cast: Cast) -> str:
    """One address that is somebody at both agencies and on the platform, with the same password."""
    email = "same@client.test"
    for place in (cast.acme, cast.globex, None):
        with door.enter(place) if place else door.leave():
            user = User.objects.create_user(email, PASSWORD)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return email


def link_of_globex(email: str) -> str:
    """The path of the link that globex's portal mails to somebody who forgot the password."""
    Visitor(HTTP_HOST=GLOBEX).post("/account/password/reset/", {"email": email})
    found = re.search(rf"http://{GLOBEX}\S*?(/account/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def choose_password(host: str, path: str) -> int:
    visitor = Visitor(HTTP_HOST=host)
    form = visitor.get(path, follow=True)
    answer = visitor.post(form.request["PATH_INFO"], {"password1": CHANGED, "password2": CHANGED})
    return int(answer.status_code)


@pytest.mark.parametrize("host", HOSTS)
def test_a_link_to_choose_a_password_works_on_its_own_host_alone(everywhere: str, cast: Cast, host: str) -> None:
    path = link_of_globex(everywhere)
    choose_password(host, path)
    for place in (cast.acme, None):
        with door.enter(place) if place else door.leave():
            assert User.objects.get(email=everywhere).check_password(PASSWORD)
    assert choose_password(GLOBEX, path) == 302
    with door.enter(cast.globex):
        assert User.objects.get(email=everywhere).check_password(CHANGED)


@pytest.mark.parametrize("host", [ACME, PLATFORM_HOST])
def test_whoever_signed_in_on_one_host_is_nobody_on_another(everywhere: str, host: str) -> None:
    visitor = Visitor(HTTP_HOST=GLOBEX)
    assert visitor.post("/account/login/", {"login": everywhere, "password": PASSWORD}).status_code == 302
    assert "/account/login" not in visitor.get("/account/password/change/").headers.get("Location", "")
    elsewhere = visitor.get("/account/password/change/", headers={"host": host})
    assert "/account/login" in elsewhere.headers["Location"]
