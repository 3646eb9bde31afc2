"""Keys that must never be seen are stored, used and made to fail; then all that was said is searched for them."""

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from billing import stripe_gateway
from billing.models import Purchase
from billing.stripe_shapes import StripeFailed
from follow_ups.models import FollowUp
from inbox.models import StripeEvent
from portal.jobs import registry
from tenancy import door
from tests.support import stripe_says
from tests.support.stripe_world import Sandbox, Shop
from vault import connections, key_shapes
from vault.models import DataKey, StripeConnection

pytestmark = pytest.mark.django_db
OTHER = "whsec_CanaryOfAnotherAgency9"


def cores(*keys: str) -> set[str]:
    """What may be seen nowhere: the middle of every secret, so that a mask is not taken for a leak."""
    return {key.split("_")[-1][:12] for key in keys}


def words_of(error: BaseException) -> str:
    return f"{error!r} {error} {vars(error)} {''.join(traceback.format_exception(error))}"


def said(attempt: Callable[[], Any], *expected: type[Exception]) -> str:
    with pytest.raises(expected) as caught:
        attempt()
    return words_of(caught.value)


def replayed(event_id: str) -> None:
    call_command("replay_event", "--agency", "acme", event_id)


def test_no_key_is_seen_anywhere(stripe: Sandbox, shop: Shop, caplog: Any, capsys: Any) -> None:
    caplog.set_level(logging.DEBUG)
    seen = []
    purchase = shop.started()
    endpoint = stripe_gateway.make_webhook_endpoint(secret_key=shop.secret_key, url="http://portal.localhost/x")
    event = stripe_says.event(about=stripe_says.session(purchase.pk, id="cs_test_unknown"))
    browser = Browser(headers={"host": "portal.localhost"})
    for one in (event, stripe_says.event(secrets=[OTHER])):
        answer = browser.post("/api/webhooks/stripe/acme", **one.sent)
        seen.append(f"{answer.content!r} {answer.headers}")

    StripeConnection.objects.update(secret_key_sealed=None)
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe_says.SECRET_KEY)
    work = FollowUp.objects.get(kind="stripe_event")
    registry.look_after(agency_id=shop.agency.pk, row=work.pk, kind=work.kind, subject=work.subject, serial=1)
    seen.append(said(lambda: replayed(event.event_id), CommandError))
    seen.append(said(lambda: stripe_gateway.check_account(stripe_says.SECRET_KEY), StripeFailed))
    seen.append(said(lambda: key_shapes.check_publishable(stripe_says.SECRET_KEY), key_shapes.WrongKey))
    work.refresh_from_db()
    assert "StripeKeyRefused" in work.error

    with door.enter(shop.agency):
        rows = [*Purchase.objects.all(), *StripeEvent.objects.all(), *DataKey.objects.all(), work]
        seen += [f"{row!r} {row} {vars(row)}" for row in [*rows, *StripeConnection.objects.all()]]
    seen += [caplog.text, *capsys.readouterr()]
    secrets = [shop.secret_key, stripe_says.SECRET, stripe_says.SECRET_KEY, OTHER, endpoint.secret]
    seen.append(repr(endpoint))
    leaks = [(key, text) for key in cores(*secrets) for text in seen if key in text]
    assert leaks == []
