"""The page of the three-way statement: nothing is asked until somebody wants it, and what cannot be read is said."""

from typing import Any

import pytest

from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(cast: Cast) -> str:
    return f"/agencies/acme/clients/{cast.ids_of_acme['client_id']}/three-way/"


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_looking_at_the_page_asks_nobody(cast: Cast, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from agencies import three_way

    monkeypatch.setattr(three_way, "read", lambda **_: 1 / 0)
    page = text(cast.on_platform("ada").get(address))
    assert "Nothing compared yet" in page
    assert "Compare now" in page


def test_what_cannot_be_read_is_said_and_is_no_proof(cast: Cast, address: str) -> None:
    page = text(cast.on_platform("ada").post(address, {"month": ""}))
    assert "Not everything could be read now" in page
    assert "The key of this organization is not known yet." in page
    assert "Stripe is not connected." in page
    assert "10 min" in page, "what was given by hand is in the whole month"


def test_htmx_gets_the_comparison_alone(cast: Cast, address: str) -> None:
    page = text(cast.on_platform("ada").post(address, {"month": ""}, headers={"HX-Request": "true"}))
    assert "Not everything could be read now" in page
    assert "<html" not in page


def test_a_month_can_be_chosen_and_nonsense_is_not_found(cast: Cast, address: str) -> None:
    ada = cast.on_platform("ada")
    assert "November 2025" in text(ada.get(address, {"month": "2025-11"}))
    assert ada.get(address, {"month": "yesterday"}).status_code == 404


def test_the_client_page_leads_to_it(cast: Cast, address: str) -> None:
    content = cast.on_platform("ada").get(address.removesuffix("three-way/")).content.decode()
    assert f'href="{address}"' in content
