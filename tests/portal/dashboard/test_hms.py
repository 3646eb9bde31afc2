"""The HMS key: asked of HMS before it is kept; the minutes behind it."""

import pytest

from vault.models import HMSConnection

pytestmark = pytest.mark.django_db


def test_a_key_that_hms_knows_is_kept_and_shows_the_minutes(ada, hms_key) -> None:
    assert ada.post("hms/", api_key=f"  {hms_key}\n").status_code == 302
    page = ada.get("hms/").content.decode()
    assert "500" in page
    assert hms_key not in page


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("sk_test_0123456789", "This is a key of Stripe."),
        ("pk_live_0123456789", "This is a key of Stripe."),
        ("hello", "An HMS key starts with fl_."),
        ("fl_live_nobodyknowsthis00000000", "HMS does not know this key."),
        ("", "required"),
    ],
)
def test_a_wrong_key_is_explained(ada, outside, key: str, sentence: str) -> None:
    page = ada.post("hms/", api_key=key)
    assert sentence in str(page.context["form"].errors["api_key"])
    assert not HMSConnection.objects.filter(api_key_sealed__isnull=False).exists()


def test_asking_again_brings_the_new_balance(ada, hms_key, outside) -> None:
    ada.post("hms/", api_key=hms_key)
    outside.turn(f"hms/organizations/{HMSConnection.objects.get().organization_id}/minutes", minutes=100)
    ada.post("hms/refresh/")
    assert HMSConnection.objects.get().seconds_left == 600 * 60


def test_one_organization_serves_one_agency(ada, gus, hms_key) -> None:
    ada.post("hms/", api_key=hms_key)
    assert "Another agency" in str(gus.post("hms/", api_key=hms_key).context["form"].errors["api_key"])


def test_keys_are_the_owners_business(mia, vic, hms_key) -> None:
    for person in (mia, vic):
        assert person.post("hms/", api_key=hms_key).status_code == 403
