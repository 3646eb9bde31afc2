import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agencies.models import Agency, Discrepancy
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import stripe_world
from tests.support.stripe_world import Sandbox, Shop

pytestmark = pytest.mark.django_db
sandbox, stripe, shop = stripe_world.sandbox, stripe_world.stripe, stripe_world.shop


def bought(stripe: Sandbox, shop: Shop, *, credited: bool) -> str:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    if credited:
        with door.enter(shop.agency):
            jobs.check_purchase(str(purchase.pk))
    return str(purchase.stripe_session_id)


def test_books_that_fit_are_said_to_add_up(stripe: Sandbox, shop: Shop, capsys: Any) -> None:
    bought(stripe, shop, credited=True)
    call_command("reconcile", agency="acme")
    said = capsys.readouterr()
    assert "It adds up: 0 differences in 1 agencies, 1 sessions at Stripe since" in said.out
    assert "acme: reading Stripe's lists" in said.err


def test_what_differs_is_named_and_the_command_fails_and_changes_nothing(
    stripe: Sandbox, shop: Shop, capsys: Any
) -> None:
    session_id = bought(stripe, shop, credited=False)
    with pytest.raises(CommandError, match="2 differences in 1 agencies"):
        call_command("reconcile", agency="acme")
    assert f"acme: I11: {session_id}: 100 credits: Paid at Stripe" in capsys.readouterr().out
    assert (shop.entries(), Discrepancy.objects.count()) == ([], 0)


def test_it_is_told_as_json_one_line_an_agency(stripe: Sandbox, shop: Shop, globex: Agency, capsys: Any) -> None:
    session_id = bought(stripe, shop, credited=False)
    with pytest.raises(CommandError):
        call_command("reconcile", all=True, json=True)
    told = {line["agency"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told["globex"]["findings"] == []
    [first, second] = told["acme"]["findings"]
    assert (first["rule"], first["subject"], first["client"]) == ("I11", session_id, str(shop.client.pk))
    assert (second["rule"], second["facts"]["theirs_minor"]) == ("I14", 4000)
    assert told["acme"]["sums"] == [{"currency": "eur", "ours_minor": 0, "theirs_minor": 4000}]


def test_a_day_bounds_what_is_compared(stripe: Sandbox, shop: Shop, capsys: Any) -> None:
    bought(stripe, shop, credited=False)
    tomorrow = timezone.localdate() + timedelta(days=2)
    call_command("reconcile", "--agency", "acme", "--since", str(tomorrow))
    assert f"0 sessions at Stripe since {tomorrow}" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("reconcile", "--agency", "acme", "--since", "someday")


def test_while_stripe_is_away_nothing_is_claimed(stripe: Sandbox, shop: Shop) -> None:
    stripe.breaks("503", "checkout", times=3)
    with pytest.raises(CommandError, match=r"Not compared: acme \(StripeUnreachable"):
        call_command("reconcile", agency="acme")
