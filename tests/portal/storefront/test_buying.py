"""Buying: one form, one purchase, one way to pay it; and a page that says how it stands and never asks to pay twice."""

import re
import uuid
from typing import Any

import pytest

from agencies import checkout, watch
from billing import own_prices
from billing.checkout_options import Options
from billing.models import Package, Purchase
from clients.models import Client
from portal import wording
from tenancy import door
from tests.support import hms_says
from tests.support.portal import HTMX, Person, Portal, text_of
from tests.support.stripe_world import Sandbox, Shop
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db
State = Purchase.State
PAY_AGAIN = re.compile(r"pay again|try again|buy again|new payment", re.IGNORECASE)


@pytest.fixture
def ben(portal: Portal, shop: Shop) -> Person:
    """Ben, signed in, at an agency whose Stripe answers."""
    return portal.person_of(shop.client)


def send(person: Person, package: Package, token: uuid.UUID | None = None) -> Any:
    return person.post(f"/buy/{package.pk}/", {"form_token": str(token or uuid.uuid4())})


def test_packages_are_compared_at_a_glance(portal: Portal) -> None:
    portal.package("Small", holds=100, price_minor=4000)
    portal.package("Large", holds=500, price_minor=18_000, is_recommended=True)
    portal.package("Secret", is_active=False)
    page = portal.person().sees("/buy/")
    assert "Small 100 credits · 100 minutes € 40.00 € 0.40 per credit" in page
    assert "Recommended Large 500 credits · 500 minutes € 180.00 € 0.36 per credit You save € 20.00" in page
    assert "Secret" not in page


def test_without_packages_the_page_says_so(portal: Portal) -> None:
    assert "Nothing for sale yet" in portal.person().sees("/buy/")


def test_an_agency_that_cannot_deliver_sells_nothing_if_it_wants_that(ben: Person, shop: Shop) -> None:
    watch.choose(agency_id=shop.agency.pk, low_minutes=0, low_days=0, floor_percent=80, stops_selling=True)
    HMSConnection.objects.filter(agency=shop.agency).update(seconds_left=479)
    with door.enter(shop.agency):
        hms_says.top_up(shop.client, 600)
    assert "No credits are sold at the moment" in ben.sees("/buy/")
    assert "No credits are sold at the moment" in text_of(ben.visitor.get(send(ben, shop.package).headers["Location"]))
    with door.enter(shop.agency):
        assert not Purchase.objects.exists()
    HMSConnection.objects.filter(agency=shop.agency).update(seconds_left=480)
    assert "/checkout/cs_test_" in send(ben, shop.package).headers["Location"]


def test_the_form_leads_to_stripes_page(ben: Person, shop: Shop) -> None:
    answer = send(ben, shop.package)
    assert answer.status_code == 302
    assert "/checkout/cs_test_" in answer.headers["Location"]
    assert shop.purchase().state == "pending"


def test_a_double_click_is_one_purchase(ben: Person, shop: Shop) -> None:
    token = uuid.uuid4()
    first, second = send(ben, shop.package, token), send(ben, shop.package, token)
    assert first.headers["Location"] == second.headers["Location"]
    with door.enter(shop.agency):
        assert Purchase.objects.count() == 1


def test_a_form_without_its_token_buys_nothing(ben: Person, shop: Shop) -> None:
    assert ben.post(f"/buy/{shop.package.pk}/").headers["Location"] == "/buy/"
    with door.enter(shop.agency):
        assert not Purchase.objects.exists()


def test_a_package_that_was_taken_off_sale_is_not_bought(ben: Person, shop: Shop) -> None:
    with door.enter(shop.agency):
        Package.objects.update(is_active=False)
    answer = send(ben, shop.package)
    assert answer.headers["Location"] == "/buy/"
    assert "not for sale any more" in ben.sees("/buy/")


def test_when_stripe_does_not_answer_nothing_was_charged(ben: Person, shop: Shop, settings: Any) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    assert send(ben, shop.package).headers["Location"] == "/buy/"
    assert "Nothing was charged" in ben.sees("/buy/")


def test_without_a_connection_to_stripe_nothing_was_charged(portal: Portal) -> None:
    ben, package = portal.person(), portal.package()
    send(ben, package)
    assert "Nothing was charged" in ben.sees("/buy/")


def test_a_suspended_client_does_not_buy(ben: Person, shop: Shop) -> None:
    with door.enter(shop.agency):
        Client.objects.update(state=Client.State.SUSPENDED)
    send(ben, shop.package)
    assert "Buying is switched off for you" in ben.sees("/buy/")


def test_whoever_paid_comes_back_to_the_new_balance(ben: Person, shop: Shop) -> None:
    send(ben, shop.package)
    bought = shop.purchase()
    shop_pays(shop, bought)
    answer = ben.get(f"/purchases/back/?session_id={bought.stripe_session_id}")
    assert answer.headers["Location"] == f"/purchases/{bought.pk}/"
    page = ben.sees(answer.headers["Location"])
    assert "100 credits are yours" in page
    assert "100 .00" in page
    assert shop.entries() == [("purchase", 6000)]


def test_the_form_of_a_paid_purchase_leads_to_its_page(ben: Person, shop: Shop) -> None:
    token = uuid.uuid4()
    send(ben, shop.package, token)
    shop_pays(shop, shop.purchase())
    ben.get(f"/purchases/{shop.purchase().pk}/")
    assert send(ben, shop.package, token).headers["Location"] == f"/purchases/{shop.purchase().pk}/"


def test_whoever_left_can_go_back_to_the_same_payment_page(ben: Person, shop: Shop) -> None:
    token = uuid.uuid4()
    page_to_pay = send(ben, shop.package, token).headers["Location"]
    answer = ben.get(f"/purchases/left/{token}/")
    assert answer.headers["Location"] == f"/purchases/{shop.purchase().pk}/?left"
    page = ben.get(answer.headers["Location"])
    assert "You left before paying" in text_of(page)
    assert "Nothing was charged" in text_of(page)
    assert f'href="{page_to_pay}"'.encode() in page.content


def test_check_my_payment_asks_stripe(ben: Person, shop: Shop) -> None:
    send(ben, shop.package)
    bought = shop.purchase()
    shop_pays(shop, bought)
    answer = ben.post(f"/purchases/{bought.pk}/check/")
    assert "100 credits are yours" in ben.sees(answer.headers["Location"])


def test_a_session_of_somebody_else_leads_nowhere(ben: Person, shop: Shop, portal: Portal) -> None:
    send(ben, shop.package)
    bob = portal.person("bob")
    session = shop.purchase().stripe_session_id
    assert bob.get(f"/purchases/back/?session_id={session}").status_code == 404
    assert bob.get("/purchases/back/").status_code == 404


@pytest.mark.parametrize("session", ["%00", "cs_1%0A", "cs%201", "x" * 256])
def test_a_session_that_is_no_name_of_one_leads_nowhere(portal: Portal, session: str) -> None:
    assert portal.person().get(f"/purchases/back/?session_id={session}").status_code == 404


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        ("paid", {}, "Paid, thank you."),
        ("partly_refunded", {}, "A part of this payment was given back"),
        ("pending", {}, "Waiting for the payment"),
        ("pending", {"awaiting_bank": True}, "Bank payments take a few working days"),
        ("failed", {}, "The payment did not go through, so nothing was credited"),
        ("abandoned", {}, "Nothing was charged and nothing was credited"),
        ("refunded", {}, "This payment was given back"),
        ("disputed", {}, "The payment is disputed"),
    ],
)
def test_each_state_has_its_words_and_none_asks_to_pay_again(
    portal: Portal, state: str, fields: dict[str, Any], words: str
) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, state, **fields)
    page = ben.sees(f"/purchases/{bought.pk}/")
    assert words in page
    assert not PAY_AGAIN.search(page)


@pytest.mark.parametrize(
    ("state", "fields", "pause"),
    [("pending", {}, "2s"), ("pending", {"awaiting_bank": True}, "30s"), ("paid", {}, None), ("failed", {}, None)],
)
def test_a_page_looks_again_by_itself_until_it_is_decided(
    portal: Portal, state: str, fields: dict[str, Any], pause: str | None
) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, state, **fields)
    answer = ben.get(f"/purchases/{bought.pk}/", headers=HTMX)
    found = re.search(rb'hx-trigger="every (\w+)"', answer.content)
    assert (found and found[1].decode()) == pause
    assert b"<html" not in answer.content


def test_a_purchase_of_another_client_is_not_found(portal: Portal) -> None:
    ben, bob = portal.person("ben"), portal.person("bob")
    bought = portal.purchase(ben, "pending")
    assert bob.get(f"/purchases/{bought.pk}/").status_code == 404
    assert bob.post(f"/purchases/{bought.pk}/check/").status_code == 404
    assert bob.get(f"/purchases/left/{bought.form_token}/").status_code == 404
    assert bob.sees("/purchases/").count("Starter") == 0


def test_purchases_are_listed_with_how_they_stand(portal: Portal) -> None:
    ben = portal.person()
    portal.purchase(ben)
    portal.purchase(ben, "abandoned")
    page = ben.sees("/purchases/")
    assert "Paid" in page
    assert "Cancelled" in page


def test_a_hidden_package_is_found_by_its_address_alone(portal: Portal) -> None:
    package = portal.package("For friends", is_hidden=True, description="Only you know it")
    ben = portal.person()
    assert "For friends" not in ben.sees("/buy/")
    page = ben.sees(f"/buy/{package.pk}/")
    assert all(words in page for words in ("Your offer", "For friends", "Only you know it", "Choose For friends"))
    assert b"For friends" not in portal.visitor().get("/").content
    asked = portal.visitor().get(f"/buy/{package.pk}/")
    assert f"next=/buy/{package.pk}/" in asked.headers["Location"]


def test_an_address_of_a_package_that_is_not_on_sale_leads_nowhere(portal: Portal) -> None:
    package = portal.package(is_active=False)
    assert portal.person().get(f"/buy/{package.pk}/").status_code == 404


def test_a_hidden_package_is_bought_like_any_other(ben: Person, shop: Shop) -> None:
    with door.enter(shop.agency):
        Package.objects.update(is_hidden=True)
    assert "/checkout/cs_test_" in send(ben, shop.package).headers["Location"]


def test_what_is_sold_without_credits_is_told_in_words(portal: Portal) -> None:
    portal.package("Small", holds=100, price_minor=4000)
    portal.package("Set-up", holds=0, price_minor=25_000)
    page = portal.person().sees("/buy/")
    assert "Set-up Without credits € 250.00" in page
    assert not re.search(r"\b0 credits", page)


@pytest.mark.parametrize("state", ["paid", "pending", "refunded", "disputed", "partly_refunded", "failed"])
def test_a_purchase_without_credits_never_speaks_of_credits(portal: Portal, state: str) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, "pending")
    with door.enter(portal.agency):
        Purchase.objects.update(seconds=0, state=state, package_name="Set-up")
    page = ben.sees(f"/purchases/{bought.pk}/")
    assert "Set-up" in page
    assert not re.search(r"\bcredits?\b", page.replace("nothing was credited", "").replace("Buy credits", ""))


def test_a_bank_payment_for_something_without_credits_promises_none(portal: Portal) -> None:
    ben = portal.person()
    portal.purchase(ben, "pending", awaiting_bank=True)
    assert "the credits come by themselves" in ben.sees("/")
    with door.enter(portal.agency):
        Purchase.objects.update(seconds=0)
    assert "It can take a few days." in ben.sees("/")
    assert "the credits come" not in ben.sees("/")


def test_what_was_free_by_a_promotion_says_so_everywhere(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, paid_minor=0, discount_minor=4000)
    page = ben.sees(f"/purchases/{bought.pk}/")
    assert "Free by promotion code. Nothing was charged." in page
    assert "Discount −€ 40.00 Paid Free by promotion code" in page
    assert "Free by promotion code" in ben.sees("/purchases/")
    assert "Free by promotion code" in ben.sees("/statement/")


def test_discount_and_tax_are_lines_of_the_receipt(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, paid_minor=4356, discount_minor=400, tax_minor=756)
    page = ben.sees(f"/purchases/{bought.pk}/")
    assert "Price € 40.00 Discount −€ 4.00 Tax € 7.56 Paid € 43.56" in page


def test_tax_that_is_in_the_price_is_told_as_such(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, paid_minor=4000, tax_minor=694)
    assert "Tax, in the price € 6.94 Paid € 40.00" in ben.sees(f"/purchases/{bought.pk}/")


def test_only_what_was_paid_is_called_a_receipt(portal: Portal) -> None:
    ben = portal.person()
    paid, waiting = portal.purchase(ben), portal.purchase(ben, "abandoned")
    assert "What you chose" not in ben.sees(f"/purchases/{paid.pk}/")
    page = ben.sees(f"/purchases/{waiting.pk}/")
    assert ("What you chose" in page, "Receipt" in page) == (True, False)


def test_a_receipt_can_be_printed_once_it_is_paid(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, receipt_url="https://pay.stripe.test/receipts/1")
    sheet = ben.sees(f"/purchases/{bought.pk}/receipt/")
    for words in (str(bought.pk), "Acme", "ben@client.test", "Credits 100", "Balance after it 100.00 credits"):
        assert words in sheet
    assert b"https://pay.stripe.test/receipts/1" in ben.get(f"/purchases/{bought.pk}/").content
    waiting = portal.purchase(ben, "pending")
    assert ben.get(f"/purchases/{waiting.pk}/receipt/").status_code == 404


def test_what_happened_is_told_step_by_step(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, "pending", awaiting_bank=True)
    assert "Chosen Today" in ben.sees(f"/purchases/{bought.pk}/")
    assert "The bank sends the money" in ben.sees(f"/purchases/{bought.pk}/")
    with door.enter(portal.agency):
        for state in (State.PAID, State.DISPUTED, State.PAID):
            bought.move_to(state)
        bought.save()
    titles = [step.title for step in wording.purchase_steps(bought)]
    assert titles == ["Chosen", "Paid", "Disputed at the bank", "It stays paid"]


def test_something_that_does_not_fit_is_looked_at_by_the_agency_and_not_by_the_client(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, "pending", problem="Paid in USD instead of EUR.")
    page = ben.sees(f"/purchases/{bought.pk}/")
    assert "Somebody is looking at this payment" in page
    assert "USD" not in page
    assert not PAY_AGAIN.search(page)


def test_who_does_not_want_it_any_more_cancels_it(ben: Person, shop: Shop) -> None:
    send(ben, shop.package)
    bought = shop.purchase()
    answer = ben.post(f"/purchases/{bought.pk}/cancel/")
    assert "Cancelled" in ben.sees(answer.headers["Location"])
    assert shop.purchase().state == "abandoned"


def test_who_cancels_after_paying_has_paid(ben: Person, shop: Shop) -> None:
    send(ben, shop.package)
    shop_pays(shop, shop.purchase())
    answer = ben.post(f"/purchases/{shop.purchase().pk}/cancel/")
    assert "100 credits are yours" in ben.sees(answer.headers["Location"])


def test_when_stripe_is_away_nothing_is_cancelled_and_nothing_charged(ben: Person, shop: Shop, settings: Any) -> None:
    send(ben, shop.package)
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    answer = ben.post(f"/purchases/{shop.purchase().pk}/cancel/")
    assert "could not be cancelled right now" in ben.sees(answer.headers["Location"])
    assert shop.purchase().state == "pending"


def test_nobody_cancels_or_prints_what_somebody_else_bought(portal: Portal) -> None:
    ben, bob = portal.person("ben"), portal.person("bob")
    bought = portal.purchase(ben)
    assert bob.post(f"/purchases/{bought.pk}/cancel/").status_code == 404
    assert bob.get(f"/purchases/{bought.pk}/receipt/").status_code == 404


def test_checkout_behaves_as_the_agency_switched_it(ben: Person, shop: Shop, stripe: Sandbox) -> None:
    with door.enter(shop.agency):
        checkout.change(shop.agency, Options(promotion_codes=True, card_only=True))
    send(ben, shop.package)
    session = stripe.ask(shop.secret_key, "GET", f"checkout/sessions/{shop.purchase().stripe_session_id}")
    assert (session["allow_promotion_codes"], session["payment_method_types"]) == (True, ["card"])


def shop_pays(shop: Shop, bought: Purchase) -> None:
    """Pay on Stripe's page, and let no webhook arrive."""
    from tests.support.stripe_world import Sandbox

    Sandbox(shop_url()).pay(bought.stripe_session_id or "")


def shop_url() -> str:
    from django.conf import settings

    return str(settings.STRIPE_API_URL).removesuffix("/stripe")


def test_a_client_sees_and_pays_its_own_price(ben: Person, shop: Shop) -> None:
    with door.enter(shop.agency):
        own_prices.choose(client_id=shop.client.pk, prices={shop.package.pk: 3000})
    for path in ("/buy/", f"/buy/{shop.package.pk}/"):
        assert "€ 30.00 € 0.30 per credit Your price. Usually € 40.00" in ben.sees(path)
    answer = ben.post(f"/buy/{shop.package.pk}/", {"form_token": str(uuid.uuid4()), "seen": "3000"})
    assert "/checkout/cs_test_" in answer.headers["Location"]
    assert shop.purchase().price_minor == 3000


def test_a_price_that_changed_since_the_page_was_read_is_shown_before_it_is_paid(ben: Person, shop: Shop) -> None:
    answer = ben.post(f"/buy/{shop.package.pk}/", {"form_token": str(uuid.uuid4()), "seen": "2999"})
    assert answer.headers["Location"] == f"/buy/{shop.package.pk}/"
    page = text_of(ben.visitor.get(answer.headers["Location"]))
    assert "The price has changed meanwhile" in page
    assert "€ 40.00" in page
    with door.enter(shop.agency):
        assert not Purchase.objects.exists()
