"""A client adds a document, its agency offers it, and a caller is answered from it: the whole way, over sockets."""

import time

import pytest

from tests.support import screenshots
from tests.support.chromium import Watched
from tests.support.live import wait_for
from tests.support.pdfs import pdf
from tests.support.shop import Shop, stocked

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.xdist_group("live")]


shop = stocked


def test_a_caller_is_answered_from_a_document_by_its_name(shop: Shop, browser: object) -> None:
    window = Watched(browser, width=390, height=844)  # type: ignore[arg-type]
    page = window.page
    screenshots.sign_in(page, shop.live.address("harbour", "/account/login/"), screenshots.CLIENT)
    page.goto(shop.live.address("harbour", "/knowledge/"))
    content = pdf("Delivery\nWe deliver within the town for 5 euro.")
    page.set_input_files("[name=file]", {"name": "Delivery.pdf", "mimeType": "application/pdf", "buffer": content})
    page.get_by_role("button", name="Add", exact=True).click()
    # The page looks by itself whether the worker has read it.
    page.get_by_text("1 piece", exact=False).wait_for(timeout=30_000)

    screenshots.sign_in(page, shop.live.address("", "/account/login/"), screenshots.OWNER)
    client_id = shop.rows("SELECT client_id FROM organizations_organization")[0][0]
    page.goto(shop.live.address("", f"/agencies/harbour/clients/{client_id}/organization/knowledge/"))
    page.get_by_role("button", name="Offer to this assistant").first.click()
    page.get_by_text("Offered", exact=True).first.wait_for()
    assert window.complaints == []
    window.close()

    assistant = next(
        each for each in shop.live.sandbox("GET", "hms/state")["assistants"] if "search_knowledge" in str(each)
    )
    asked = {"organization_id": shop.hms_organization(), "assistant_id": assistant["id"], "talk_seconds": 30}
    call = shop.live.sandbox("POST", "hms/calls/inbound", **asked)["call_id"]
    calls = lambda: shop.live.sandbox("GET", "hms/state")["calls"]  # noqa: E731 - asked again and again
    wait_for(lambda: [each for each in calls() if each["id"] == call and each["status"] == "in-progress"])
    started = time.monotonic()
    said = shop.live.sandbox(
        "POST", f"hms/calls/{call}/tool-calls", name="search_knowledge", arguments={"question": "Do you deliver?"}
    )
    assert time.monotonic() - started < 1
    (result,) = said["answer"]["results"]
    assert result["result"]["found"][0]["document"] == "Delivery.pdf"
    assert "5 euro" in result["result"]["found"][0]["text"]
    shop.live.sandbox("POST", f"hms/calls/{call}/end")
