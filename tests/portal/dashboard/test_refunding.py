"""Refunds from the dashboard, over a real socket to Stripe: seen first, made once, refused in plain words."""

from typing import Any
from uuid import uuid4

import pytest

from agencies.models import Agency
from billing import purchases, wallets
from billing.models import Purchase, Refund
from tenancy import door
from tests.support.booking import book
from tests.support.portal import text_of
from tests.support.stripe_world import Sandbox, Shop, connect, with_price
from vault import connections

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(acme: Agency, stripe: Sandbox) -> Shop:
    return with_price(connect(acme, stripe.open_account()))


@pytest.fixture
def paid(stripe: Sandbox, shop: Shop) -> Purchase:
    """A purchase of 100 credits for 40.00 EUR that is paid and credited."""
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        return purchases.refresh(purchase_id=purchase.pk, secret_key=shop.secret_key)


def send(person: Any, purchase: Purchase, amount: str = "10", seen: str = "1000", **changed: Any) -> Any:
    form = {"amount": amount, "seen": seen, "reason": "Bought too much", "form_token": str(uuid4()), **changed}
    return person.post(f"purchases/{purchase.pk}/refund/", **form)


def balance(shop: Shop) -> int:
    with door.enter(shop.agency):
        return wallets.get(shop.client.pk).balance


def made_at_stripe(stripe: Sandbox, shop: Shop) -> list[int]:
    return [one["amount"] for one in stripe.ask(shop.secret_key, "GET", "refunds")["data"]]


def test_the_page_shows_what_the_whole_would_do_before_anything_is_typed(ada: Any, paid: Purchase) -> None:
    page = text_of(ada.get(f"purchases/{paid.pk}/refund/"))
    assert "Balance now 100.00 credits Credits taken 100.00 credits Balance after 0.00 credits" in page
    assert "Refund € 40.00" in page


def test_a_balance_that_would_fall_below_zero_is_said_in_red_with_what_it_means(
    ada: Any, shop: Shop, paid: Purchase
) -> None:
    with door.enter(shop.agency):
        book(shop.client.pk, "spent", -5000)
    answer = ada.get(f"purchases/{paid.pk}/refund/effect/", amount="€ 40,00")
    assert b'class="ui-below-zero"' in answer.content
    assert "Balance after −83.33 credits" in text_of(answer)
    assert "Calls do not start, outgoing or incoming" in text_of(answer)


@pytest.mark.parametrize("typed", ["", "ten", "0", "-1", "40.01", "1e3", "1,234"])
def test_an_amount_that_cannot_be_given_back_has_no_effect_to_show(ada: Any, paid: Purchase, typed: str) -> None:
    page = text_of(ada.get(f"purchases/{paid.pk}/refund/effect/", amount=typed))
    assert "Type an amount up to € 40.00" in page
    assert "Balance after" not in page


def test_a_refund_takes_exactly_what_was_shown(ada: Any, stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    answer = send(ada, paid)
    assert answer.status_code == 302
    page = text_of(ada.get(f"purchases/{paid.pk}/"))
    assert "€ 10.00 are given back. 25.00 credits were taken; the balance is 75.00 now." in page
    assert (balance(shop), made_at_stripe(stripe, shop)) == (4500, [1000])
    with door.enter(shop.agency):
        assert Refund.objects.get().asked_by["email"] == "ada@acme.test"


@pytest.mark.parametrize("seen", ["", "4000", "1e3", "x"])
def test_an_amount_that_was_not_shown_is_shown_and_not_refunded(
    ada: Any, stripe: Sandbox, shop: Shop, paid: Purchase, seen: str
) -> None:
    page = text_of(send(ada, paid, seen=seen))
    assert "Nothing is done yet." in page
    assert "Balance after 75.00 credits" in page
    assert (balance(shop), made_at_stripe(stripe, shop)) == (6000, [])


@pytest.mark.parametrize("typed", ["10", "10.00", "10,00", "€ 10", "10 EUR", " 10,0 "])
def test_an_amount_is_read_as_people_write_it(ada: Any, shop: Shop, paid: Purchase, typed: str) -> None:
    send(ada, paid, typed)
    assert balance(shop) == 4500


def test_the_same_form_sent_twice_is_one_refund(ada: Any, stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    token = str(uuid4())
    for _twice in range(2):
        assert send(ada, paid, form_token=token).status_code == 302
    assert (balance(shop), made_at_stripe(stripe, shop)) == (4500, [1000])
    page = text_of(send(ada, paid, "20", "2000", form_token=token))
    assert "sent before with another amount" in page


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("amount", "", "Say how much"),
        ("amount", "ten", "Type an amount"),
        ("amount", "0", "€ 40.00 can be given back"),
        ("amount", "40.01", "€ 40.00 can be given back"),
        ("reason", " ", "Say why"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    ada: Any, shop: Shop, paid: Purchase, field: str, typed: str, sentence: str
) -> None:
    seen = {"0": "0", "40.01": "4001"}.get(typed, "1000")
    answer = send(ada, paid, **{"seen": seen, field: typed})
    assert sentence in str(answer.context["form"].errors[field])
    assert balance(shop) == 6000


def test_a_dispute_that_came_meanwhile_is_told_in_plain_words_and_takes_nothing(
    ada: Any, stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    stripe.dispute(paid.stripe_payment_intent_id)
    token = str(uuid4())
    answer = send(ada, paid, form_token=token)
    assert "the bank decides" in str(answer.context["form"].errors["amount"])
    assert answer.context["form"]["form_token"].value() != token
    assert balance(shop) == 6000
    assert "Refused by Stripe" in text_of(ada.get(f"purchases/{paid.pk}/"))


def test_a_disputed_purchase_has_no_refund(ada: Any, shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        Purchase.objects.update(state=Purchase.State.DISPUTED)
    assert b"/refund/" not in ada.get(f"purchases/{paid.pk}/").content
    assert "Only what was paid and is not disputed" in text_of(ada.get(f"purchases/{paid.pk}/refund/"))
    send(ada, paid)
    assert "cannot be refunded as it stands now" in text_of(ada.get(f"purchases/{paid.pk}/"))


def test_a_lost_answer_is_told_and_the_refund_stands_as_asked_for(
    ada: Any, stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    stripe.breaks("lost", "refunds", method="POST", times=3)
    assert send(ada, paid).status_code == 302
    page = text_of(ada.get(f"purchases/{paid.pk}/"))
    assert "We go on asking, and this refund is made once." in page
    assert "Asked for, Stripe has not answered yet" in page
    assert "Can be given back € 30.00" in page


def test_a_key_of_another_account_is_told_beside_the_amount(
    ada: Any, stripe: Sandbox, shop: Shop, paid: Purchase
) -> None:
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe.open_account()["secret_key"])
    assert "does not find this payment" in str(send(ada, paid).context["form"].errors["amount"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"paid_minor": 0}, "Nothing was paid"),
        ({"state": "pending"}, "“Waiting for payment”"),
    ],
)
def test_why_nothing_can_be_given_back_is_said(
    ada: Any, shop: Shop, paid: Purchase, fields: dict[str, Any], words: str
) -> None:
    with door.enter(shop.agency):
        Purchase.objects.update(**fields)
    page = text_of(ada.get(f"purchases/{paid.pk}/refund/"))
    assert words in page
    assert "Reason" not in page


def test_what_was_sold_without_credits_leaves_the_balance_alone(ada: Any, shop: Shop, paid: Purchase) -> None:
    with door.enter(shop.agency):
        Purchase.objects.update(seconds=0)
    assert "so the balance stays as it is" in text_of(ada.get(f"purchases/{paid.pk}/refund/"))
    send(ada, paid, "40", "4000")
    assert balance(shop) == 6000
    assert "Nothing is left" in text_of(ada.get(f"purchases/{paid.pk}/refund/"))


def test_managers_refund_and_viewers_do_not(mia: Any, vic: Any, stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    assert send(vic, paid).status_code == 403
    assert "Managers and owners can give money back." in text_of(vic.get(f"purchases/{paid.pk}/refund/"))
    assert b"/refund/" not in vic.get(f"purchases/{paid.pk}/").content
    assert send(mia, paid).status_code == 302
    assert made_at_stripe(stripe, shop) == [1000]


def test_another_agencys_purchase_is_not_refunded(gus: Any, stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    assert send(gus, paid).status_code == 404
    assert gus.get(f"purchases/{paid.pk}/refund/effect/", amount="10").status_code == 404
    assert made_at_stripe(stripe, shop) == []


def test_fields_that_nobody_asked_for_change_nothing(ada: Any, stripe: Sandbox, shop: Shop, paid: Purchase) -> None:
    send(ada, paid, amount_minor="4000", currency="usd", purchase_id=str(uuid4()), state="succeeded")
    assert made_at_stripe(stripe, shop) == [1000]
