"""Receipts: one mail for each credited purchase, in the agency's brand, whatever is away meanwhile."""

from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from agencies import due_work
from billing import purchases
from billing.checkout_options import Options
from billing.models import Package, Purchase
from billing.stripe_shapes import StripeUnreachable
from branding.models import Branding
from clients.models import Client
from follow_ups.models import FollowUp
from portal.jobs import KINDS, receipts
from tenancy import door
from tests.support.stripe_world import Sandbox, Shop
from vault import connections

pytestmark = pytest.mark.django_db


def bought(stripe: Sandbox, shop: Shop, *, code: str = "", **changes: Any) -> Purchase:
    """A purchase that is paid and credited, its receipt not sent."""
    purchase = shop.started(**changes)
    stripe.pay(purchase.stripe_session_id, code=code)
    with door.enter(shop.agency):
        return purchases.refresh(purchase_id=purchase.pk, secret_key=shop.secret_key)


def sent(shop: Shop, purchase: Purchase) -> Any:
    """The newest mail after the job has run."""
    with door.enter(shop.agency):
        assert receipts.send(str(purchase.pk)) is None
    return mail.outbox[-1]


def test_a_credited_purchase_asks_for_the_job_that_mails_its_receipt(stripe: Sandbox, shop: Shop) -> None:
    purchase = bought(stripe, shop)
    row = FollowUp.objects.get(kind="receipt")
    assert (row.subject, KINDS[row.kind]) == (str(purchase.pk), receipts.send)


def test_a_receipt_says_everything_in_the_agencys_brand(stripe: Sandbox, shop: Shop) -> None:
    Branding.objects.filter(agency=shop.agency).update(
        company_name="Acme Voice", support_email="help@acme.test", primary_color="#fff3a0"
    )
    purchase = bought(stripe, shop)
    message = sent(shop, purchase)
    assert (message.subject, message.to) == ("Your receipt: 100 credits", ["ben@client.test"])
    assert message.from_email.startswith("Acme Voice <")
    assert message.reply_to == ["help@acme.test"]
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    for words in (str(purchase.pk), "€ 40.00", "100.00 credits", f"/purchases/{purchase.pk}/", "/receipts/ch_"):
        assert words in message.body, words
        assert words in html, words
    assert "background-color:#fff3a0;color:#" in html
    assert "Mode: Test, no money moved" in message.body
    assert "Balance after it: 100.00 credits" in message.body


def test_a_receipt_is_sent_once(stripe: Sandbox, shop: Shop) -> None:
    purchase = bought(stripe, shop)
    for _ in range(2):
        sent(shop, purchase)
    assert len(mail.outbox) == 1
    assert shop.purchase().receipt_sent_at is not None
    assert "/receipts/ch_" in shop.purchase().receipt_url


def test_discount_tax_and_invoice_stand_on_it(stripe: Sandbox, shop: Shop) -> None:
    account = shop.keys["account_id"]
    stripe.turn(f"stripe/accounts/{account}/checkout", tax=True)
    stripe.turn(f"stripe/accounts/{account}/promotion_codes", code="TEN", percent_off=10)
    wanted = Options(promotion_codes=True, automatic_tax=True, invoices=True)
    body = sent(shop, bought(stripe, shop, code="TEN", options=wanted)).body
    for words in ("Price: € 40.00", "Discount: −€ 4.00", "Tax: € 7.56", "Paid: € 43.56", "/invoices/in_"):
        assert words in body, words


def test_what_was_free_has_a_receipt_that_says_so(stripe: Sandbox, shop: Shop) -> None:
    stripe.turn(f"stripe/accounts/{shop.keys['account_id']}/promotion_codes", code="FREE", percent_off=100)
    body = sent(shop, bought(stripe, shop, code="FREE", options=Options(promotion_codes=True))).body
    assert "free by a promotion code" in body
    assert "Paid: Free by promotion code" in body
    assert "Receipt of the payment" not in body


def test_what_has_no_credits_has_a_receipt_without_any(stripe: Sandbox, shop: Shop) -> None:
    with door.enter(shop.agency):
        Package.objects.update(credits=0, name="Set-up")
    body = sent(shop, bought(stripe, shop)).body
    assert "Package: Set-up" in body
    assert "redits" not in body


def test_a_lost_mail_server_makes_it_come_back(stripe: Sandbox, shop: Shop, settings: Any) -> None:
    purchase = bought(stripe, shop)
    with pytest.MonkeyPatch.context() as broken:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        broken.delattr(mail, "outbox", raising=False)
        with door.enter(shop.agency), pytest.raises(OSError):
            receipts.send(str(purchase.pk))
    assert shop.purchase().receipt_sent_at is None


def test_a_stripe_that_is_away_makes_it_come_back(stripe: Sandbox, shop: Shop) -> None:
    purchase = bought(stripe, shop)
    stripe.breaks("503", "checkout", times=3)
    with door.enter(shop.agency), pytest.raises(StripeUnreachable):
        receipts.send(str(purchase.pk))
    assert mail.outbox == []
    assert "/receipts/ch_" in sent(shop, purchase).body


def test_a_key_that_does_not_see_the_payment_is_no_reason_to_send_none(stripe: Sandbox, shop: Shop) -> None:
    purchase = bought(stripe, shop)
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe.open_account()["secret_key"])
    assert "Receipt of the payment" not in sent(shop, purchase).body


def test_who_has_left_gets_no_mail(stripe: Sandbox, shop: Shop) -> None:
    purchase = bought(stripe, shop)
    with door.enter(shop.agency):
        Client.objects.update(email="")
        receipts.send(str(purchase.pk))
    assert (mail.outbox, shop.purchase().receipt_sent_at) == ([], None)


def test_a_receipt_that_nobody_was_asked_for_is_found_again(stripe: Sandbox, shop: Shop) -> None:
    purchase = bought(stripe, shop)
    FollowUp.objects.all().delete()
    due_work.rebuild(shop.agency)
    assert FollowUp.objects.get(kind="receipt").subject == str(purchase.pk)
    with door.enter(shop.agency):
        Purchase.objects.update(receipt_sent_at=timezone.now())
    FollowUp.objects.all().delete()
    due_work.rebuild(shop.agency)
    assert not FollowUp.objects.filter(kind="receipt").exists()
