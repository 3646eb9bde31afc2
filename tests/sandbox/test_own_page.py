"""The sandbox's own page, its buttons, and the door that strangers do not pass."""

import re

import httpx
import pytest


@pytest.fixture
def press(sandbox):
    """Presses a button of the page and gives the page that follows."""

    def pressed(path, **fields):
        return httpx.post(f"{sandbox.url}/do/{path}", data=fields, follow_redirects=True, timeout=30)

    return pressed


def test_new_keys_can_be_copied_from_read_only_fields(press):
    page = press("organizations", name="Acme & Sons", minutes="120.5").text
    assert "Acme &amp; Sons" in page
    assert "120.5 min" in page
    assert re.search(r'<input readonly value="fl_live_\w{40}">', page)
    page = press("accounts", business_name="Acme Voice", mode="live").text
    assert re.search(r'<input readonly value="sk_live_\w+">', page)


def test_a_number_is_rung_and_hung_up_from_the_page(press, agency):
    assert agency.number in press("ring", number=agency.number, **{"from": "+31600000009"}).text
    call_id = agency.child.get("/calls").json()["calls"][0]["id"]
    agency.call_in("in-progress", call_id)
    press(f"calls/{call_id.replace('+', '%2B')}/end")
    assert agency.call(call_id)["status"] == "ended"


def test_a_bank_payment_is_settled_from_the_page(press, shop):
    session = shop.session()
    shop.pay(session.id, method="bank_debit")
    assert f"/do/sessions/{session.id}/bank" in press("accounts", business_name="x").text
    press(f"sessions/{session.id}/bank", outcome="succeeded")
    assert shop.fetch(session.id).payment_status == "paid"


def test_an_event_is_sent_again_from_the_page(press, shop, receiver):
    shop.endpoint(receiver, "checkout.session.completed")
    shop.pay(shop.session().id, wait=True)
    assert press(f"events/{receiver.got[0]['json']['id']}/deliver").status_code == 200
    assert len(receiver.got) == 2


def test_minutes_an_assistant_and_a_number_are_added_from_the_page(press, agency):
    press(f"organizations/{agency.id}/minutes", minutes="10,5")
    assert agency.balance() == 510.5
    press(f"organizations/{agency.child_id}/seed")
    assert len(agency.child.get("/numbers").json()["numbers"]) == 3


def test_a_mistake_in_a_form_is_said_on_a_page(press):
    answer = press("organizations", minutes="many")
    assert (answer.status_code, "Minutes are a number" in answer.text) == (400, True)


def test_the_page_loads_nothing_from_elsewhere(sandbox):
    answer = httpx.get(sandbox.url)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert not re.search(r'<script|<style| style=|<link[^>]+href="(?!/|data:)|src="(?!/)', answer.text)
    assert httpx.get(f"{sandbox.url}/sandbox.css").headers["Content-Type"].startswith("text/css")


def test_health_answers(sandbox):
    assert sandbox.get("/health") == {"status": "ok"}


def test_a_name_that_is_not_of_this_machine_is_turned_away(sandbox):
    answer = httpx.get(f"{sandbox.url}/_sandbox/hms/state", headers={"Host": "evil.example:80"})
    assert answer.status_code == 421


def test_another_sites_page_cannot_press_the_buttons(sandbox):
    answer = httpx.post(f"{sandbox.url}/do/accounts", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/hms/api/v1/nothing", "/stripe/v1/nothing", "/_sandbox/nothing", "/nothing"])
def test_an_unknown_address_is_404_in_the_shape_of_its_side(sandbox, path):
    answer = httpx.get(sandbox.url + path)
    assert answer.status_code == 404
    kind = "text/html" if path == "/nothing" else "application/json"
    assert answer.headers["Content-Type"].startswith(kind)


@pytest.mark.parametrize(
    ("side", "body"), [("hms", {"colour": 1}), ("hms", {"ring_seconds": -1}), ("stripe", {"webhooks": "maybe"})]
)
def test_a_setting_nobody_knows_is_refused(sandbox, side, body):
    assert httpx.post(f"{sandbox.url}/_sandbox/{side}/settings", json=body).status_code == 400
