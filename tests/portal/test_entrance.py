import pytest

from agencies import addresses
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", ["%00", "acme%00", "nobody", "%C2%B2", "a" * 300])
def test_a_slug_that_nobody_has_is_not_found(cast: Cast, slug: str) -> None:
    assert cast.on_platform("ada").get(f"/agencies/{slug}/").status_code == 404


def test_a_bookmark_of_a_former_slug_leads_to_todays_page(cast: Cast) -> None:
    addresses.change_slug(agency_id=cast.acme.pk, slug="acme-voice")
    answer = cast.on_platform("ada").get("/agencies/acme/clients/?search=ben%20b")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/agencies/acme-voice/clients/?search=ben%20b")
    client_id = cast.ids_of_acme["client_id"]
    answer = cast.on_platform("ada").get(f"/agencies/acme/clients/{client_id}/")
    assert answer.headers["Location"] == f"/agencies/acme-voice/clients/{client_id}/"
    assert cast.on_platform("ada").post("/agencies/acme/set-up/switch/").status_code == 404


def test_a_former_slug_says_nothing_to_strangers(cast: Cast) -> None:
    addresses.change_slug(agency_id=cast.acme.pk, slug="acme-voice")
    assert cast.on_platform("gus").get("/agencies/acme/clients/").status_code == 404
