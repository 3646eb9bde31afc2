"""Looking as a client: who may, how the way in is guarded, and that looking is all that can be done."""

import re
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client as Visitor
from django.utils import timezone

from agencies import visits
from agencies.models import Agency, ClientVisit, Membership
from audit.models import AuditEntry
from billing.models import LedgerEntry, Purchase
from clients.models import Client
from people.models import User
from tenancy import door
from tests.isolation.test_every_url import CLIENT, PORTAL, address, is_allauths, names, protected
from tests.support.cast import Cast
from vault.models import ApiToken

pytestmark = pytest.mark.django_db
ACME, GLOBEX, PLATFORM = "acme.portal.localhost", "globex.portal.localhost", "portal.localhost"
REASON = "The client asked about a purchase"


def look_page(cast: Cast) -> str:
    return f"/agencies/acme/clients/{cast.ids_of_acme['client_id']}/look/"


def ticket_of(cast: Cast, visitor: Visitor, reason: str = REASON) -> tuple[int, str]:
    """What the dashboard answers, and the path of the link on its page."""
    answer = visitor.post(look_page(cast), {"reason": reason})
    found = re.search(rf"http://{ACME}[^/]*(/look/[^\"]+)", answer.content.decode())
    return answer.status_code, found[1] if found else ""


def asker(cast: Cast, name: str) -> Visitor:
    role, _of, slug = name.partition(" of ")
    if not slug and name != "operator":
        return cast.on_platform(name)
    user = User.objects.create_user(f"{role}@asks.test", is_operator=name == "operator")
    if slug:
        Membership.objects.create(agency=Agency.objects.get(slug=slug), user=user, role=role)
    visitor = Visitor(HTTP_HOST=PLATFORM)
    visitor.force_login(user)
    return visitor


@pytest.fixture
def guest(cast: Cast) -> Visitor:
    """Ada, looking at Ben's pages."""
    _status, path = ticket_of(cast, cast.on_platform("ada"))
    visitor = Visitor(HTTP_HOST=ACME)
    assert visitor.get(path).headers["Location"] == "/"
    return visitor


ROLES = [f"{role} of {agency}" for agency, role in product(("acme", "globex"), Membership.Role.values)]


@pytest.mark.parametrize("who", ["nobody", "ben", "zoe", "operator", *ROLES])
def test_owners_and_managers_of_the_agency_alone_may_look(cast: Cast, who: str) -> None:
    may = who in ("owner of acme", "manager of acme")
    status, path = ticket_of(cast, asker(cast, who))
    assert (status == 200, bool(path)) == (may, may)
    assert ClientVisit.objects.exists() == may


def test_a_way_in_works_once_and_signs_nobody_in(cast: Cast, guest: Visitor) -> None:
    page = guest.get("/").content.decode()
    assert "ada@acme.test is looking" in page
    assert "15 minutes left" in page
    assert "_auth_user_id" not in guest.session
    _status, path = ticket_of(cast, cast.on_platform("ada"))
    assert Visitor(HTTP_HOST=ACME).get(path).status_code == 302
    replay = Visitor(HTTP_HOST=ACME)
    assert replay.get(path).status_code == 404
    assert replay.get("/statement/").status_code == 302


def test_a_ticket_is_over_after_a_minute(cast: Cast) -> None:
    _status, path = ticket_of(cast, cast.on_platform("ada"))
    ClientVisit.objects.update(asked_at=timezone.now() - timedelta(seconds=61))
    assert Visitor(HTTP_HOST=ACME).get(path).status_code == 404


@pytest.mark.parametrize("host", [GLOBEX, PLATFORM, "operators.localhost"])
def test_a_ticket_opens_nothing_on_another_host_and_is_not_used_up_there(cast: Cast, host: str) -> None:
    _status, path = ticket_of(cast, cast.on_platform("ada"))
    assert Visitor(HTTP_HOST=host).get(path).status_code in (302, 404)
    assert not ClientVisit.objects.filter(begun_at__isnull=False).exists()
    assert Visitor(HTTP_HOST=ACME).get(path).headers["Location"] == "/"


def test_a_ticket_that_was_made_up_opens_nothing(cast: Cast) -> None:
    _status, path = ticket_of(cast, cast.on_platform("ada"))
    known = ClientVisit.objects.get().pk.hex
    for wrong in (path.replace(":", ":x"), "/look/x/", f"/look/{known}/", f"/look/{known}:x/"):
        assert Visitor(HTTP_HOST=ACME).get(wrong).status_code == 404


def test_a_ticket_is_worth_nothing_once_whoever_asked_may_not_look(cast: Cast) -> None:
    _status, path = ticket_of(cast, cast.on_platform("ada"))
    Membership.objects.filter(user=cast.public["ada"]).update(role=Membership.Role.VIEWER)
    assert Visitor(HTTP_HOST=ACME).get(path).status_code == 404


def test_a_session_of_a_visit_is_nothing_on_another_host(guest: Visitor) -> None:
    for host, path in ((GLOBEX, "/statement/"), (PLATFORM, "/agencies/acme/clients/")):
        elsewhere = Visitor(HTTP_HOST=host)
        elsewhere.cookies = guest.cookies
        assert "/account/login" in elsewhere.get(path).headers["Location"]


def test_whoever_was_signed_in_on_the_portal_is_not_afterwards(cast: Cast) -> None:
    ben = cast.on_portal_of_acme("ben")
    _status, path = ticket_of(cast, cast.on_platform("ada"))
    ben.get(path)
    ben.post("/look/end/")
    assert ben.get("/statement/").status_code == 302


@pytest.mark.parametrize("how", ["time", "end", "elsewhere", "role", "membership"])
def test_a_visit_ends(cast: Cast, guest: Visitor, how: str) -> None:
    assert guest.get("/statement/").status_code == 200
    if how == "time":
        ClientVisit.objects.update(ends_at=timezone.now())
    elif how == "end":
        assert guest.post("/look/end/").status_code == 302
    elif how == "elsewhere":
        with door.enter(cast.acme):
            visits.end(ClientVisit.objects.get().pk)
    elif how == "role":
        Membership.objects.filter(user=cast.public["ada"]).update(role=Membership.Role.VIEWER)
    else:
        Membership.objects.filter(user=cast.public["ada"]).delete()
    assert "/account/login" in guest.get("/statement/").headers["Location"]
    assert b"is looking" not in guest.get("/").content


@pytest.mark.parametrize("reason", ["", "too short", " a  b  c   ", "x" * 301])
def test_a_reason_has_to_be_said(cast: Cast, reason: str) -> None:
    assert ticket_of(cast, cast.on_platform("ada"), reason) == (200, "")
    assert not ClientVisit.objects.exists()


def test_every_page_of_the_client_can_be_read_with_the_banner(cast: Cast, guest: Visitor) -> None:
    ben = cast.on_portal_of_acme("ben")
    for name, pattern in protected("portal.urls_portal", PORTAL, CLIENT):
        path = address("portal.urls_portal", name, pattern, cast.ids_of_acme | {"slug": "acme"})
        seen, his = guest.get(path), ben.get(path)
        assert seen.status_code == his.status_code, path
        if seen.status_code == 200 and b"<body" in seen.getvalue():
            assert b"is looking" in seen.getvalue(), path
            assert b"is looking" not in his.getvalue(), path


def everything(agency: Agency) -> Any:
    with door.enter(agency):
        counted = [model.objects.count() for model in (Purchase, LedgerEntry, ApiToken, User, Client)]
        return counted, list(User.objects.order_by("pk").values("email", "password", "is_active"))


def test_nothing_can_be_changed_on_any_address(cast: Cast, guest: Visitor) -> None:
    before, done = everything(cast.acme), []
    harmless = {"storefront:check", "storefront:try_knowledge", "storefront:visit_end"}
    for name, pattern in names("portal.urls_portal"):
        if name in harmless or is_allauths(name):
            continue
        path = address("portal.urls_portal", name, pattern, cast.ids_of_acme | {"slug": "acme"})
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(guest, method)(path)
            if answer.status_code != 403 or b"You are only looking" not in answer.content:
                done.append((method, path, answer.status_code))
    assert done == []
    assert everything(cast.acme) == before


def test_signing_in_passwords_and_second_factors_are_closed_while_somebody_looks(guest: Visitor) -> None:
    paths = ["login", "logout", "signup", "password/change", "password/reset", "email", "2fa", "2fa/totp/activate"]
    for path, method in product(paths, ("get", "post")):
        answer = getattr(guest, method)(f"/account/{path}/")
        assert answer.status_code in (403, 404), path
    assert b"You are only looking" in guest.get("/account/password/change/").content


def test_the_client_reads_who_looked_when_and_why(cast: Cast, guest: Visitor) -> None:
    for name, is_told in (("ben", True), ("bob", False)):
        page = cast.on_portal_of_acme(name).get("/who-looked/").content.decode()
        assert ("ada@acme.test" in page and REASON in page) == is_told
    assert REASON in cast.on_platform("ada").get(look_page(cast)).content.decode()


def test_both_names_stand_in_the_log(guest: Visitor) -> None:
    guest.post("/look/end/")
    entries = list(AuditEntry.objects.filter(what__startswith="client.visit").order_by("number"))
    assert [entry.what for entry in entries] == ["client.visit_asked", "client.visit_begun", "client.visit_ended"]
    for entry in entries:
        assert (entry.actor_email, entry.subject) == ("ada@acme.test", "Ben's Bakery")
        assert entry.after == {"client": "ben@client.test", "reason": REASON}


def test_an_end_without_a_visit_does_nothing(cast: Cast) -> None:
    ben = cast.on_portal_of_acme("ben")
    assert ben.post("/look/end/").status_code == 302
    assert ben.get("/statement/").status_code == 200
