"""From an empty checklist to a portal that is on, and what happens on the way."""

import pytest

from agencies.models import Agency

pytestmark = pytest.mark.django_db


def is_on() -> bool:
    return Agency.objects.get(slug="acme").portal_is_on


def connect(ada, keys: dict[str, str], hms_key: str) -> None:
    ada.post("hms/", api_key=hms_key)
    ada.post("payments/", publishable_key=keys["publishable_key"], secret_key=keys["secret_key"])
    ada.post("payments/webhook/")
    ada.post("packages/new/", name="100 credits", credits="100", price="40.00", currency="eur", is_active="on")


def test_the_checklist_is_the_first_page_until_the_portal_is_on(ada) -> None:
    assert ada.get().headers["Location"] == "/agencies/acme/set-up/"
    Agency.objects.filter(slug="acme").update(portal_is_on=True, portal_on_since="2026-01-01T00:00Z")
    assert ada.get().headers["Location"] == "/agencies/acme/overview/"


def test_an_incomplete_portal_stays_off_with_the_lines_in_red(ada) -> None:
    page = ada.post("set-up/switch/", portal="on")
    assert page.status_code == 409
    red = [line.requirement.key for line in page.context["lines"] if line.state == "wrong"]
    assert red == ["hms_key", "publishable_key", "secret_key", "webhook_secret", "package", "price"]
    assert b"The portal stays off until this is there" in page.content
    assert not is_on()


def test_nothing_is_red_before_the_switch_was_tried(ada) -> None:
    assert {line.state for line in ada.get("set-up/").context["lines"]} == {"done", "missing", "waiting"}


def test_eight_fields_and_a_click_make_a_live_portal(ada, stripe_keys, hms_key) -> None:
    connect(ada, stripe_keys, hms_key)
    page = ada.get("set-up/")
    assert (page.context["done"], page.context["total"]) == (8, 8)
    assert ada.post("set-up/switch/", portal="on").status_code == 302
    assert is_on()


def test_off_is_a_click_and_keeps_everything(ada, stripe_keys, hms_key) -> None:
    connect(ada, stripe_keys, hms_key)
    ada.post("set-up/switch/", portal="on")
    ada.post("set-up/switch/", portal="off")
    assert not is_on()
    assert ada.get("set-up/").context["done"] == 8


def test_packages_made_before_the_keys_go_on_sale_with_them(ada, stripe_keys, hms_key) -> None:
    ada.post("packages/new/", name="100 credits", credits="100", price="40", currency="eur", is_active="on")
    assert "Waits for Stripe" in ada.get("packages/").content.decode()
    connect(ada, stripe_keys, hms_key)
    assert "Waits for Stripe" not in ada.get("packages/").content.decode()


def test_a_get_never_switches(ada) -> None:
    assert ada.get("set-up/switch/").status_code == 405


def test_a_manager_and_a_viewer_do_not_switch(mia, vic) -> None:
    for person in (mia, vic):
        assert person.post("set-up/switch/", portal="on").status_code == 403
        assert b"ui-switch-track" not in person.get("set-up/").content
