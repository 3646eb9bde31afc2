"""A portal that is off is calm: what was paid stays readable, nothing new is begun."""

import pytest

from tests.support.portal import Portal, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/buy/", "/calls/start/", "/assistants/"])
def test_nothing_new_is_begun(portal: Portal, path: str) -> None:
    ben = portal.person(credit=6000)
    portal.switch(on=False)
    answer = ben.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3600")
    assert "Closed for now" in text_of(answer)
    assert 'href="/statement/"' in answer.content.decode()


def test_nothing_is_bought_and_nobody_is_called(portal: Portal) -> None:
    ben, package = portal.person(credit=6000), portal.package()
    portal.switch(on=False)
    assert ben.post(f"/buy/{package.pk}/").status_code == 503
    assert ben.post("/calls/start/").status_code == 503


def test_what_was_paid_stays_readable(portal: Portal) -> None:
    ben = portal.person()
    bought, call = portal.purchase(ben), portal.call(ben)
    portal.switch(on=False)
    for path in ("/statement/", "/calls/", f"/calls/{call.pk}/", "/purchases/", f"/purchases/{bought.pk}/"):
        page = ben.sees(path)
        assert "Acme Voice has closed this portal for now." in page
        assert "Start a call" not in page


def test_a_visitor_meets_the_closed_page(portal: Portal) -> None:
    portal.switch(on=False)
    answer = portal.visitor().get("/")
    assert answer.status_code == 503
    assert "Sign in to read your statement" in text_of(answer)
    assert portal.visitor().get("/statement/").status_code == 302
