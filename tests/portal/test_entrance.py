import pytest

from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", ["%00", "acme%00", "nobody", "%C2%B2", "a" * 300])
def test_a_slug_that_nobody_has_is_not_found(cast: Cast, slug: str) -> None:
    assert cast.on_platform("ada").get(f"/agencies/{slug}/").status_code == 404
