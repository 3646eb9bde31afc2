"""The Stripe side's levers under /_sandbox/stripe: what a buyer, a bank or a clerk at Stripe would do."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import settings
from sandbox.answers import json_answer, read_json, refuse
from sandbox.store import Document
from sandbox.stripe import accounts, deliveries, events, payments, promotions, refunds, webhook_endpoints
from sandbox.stripe.objects import public
from sandbox.world import World

MOST_DELIVERIES = 1000


def create_account(world: World, request: Request) -> Response:
    body = read_json(request)
    mode = body.get("mode", "test")
    if mode not in ("test", "live"):
        raise refuse(400, "mode is test or live")
    account = accounts.open_account(
        world,
        business_name=str(body.get("business_name") or "Agency"),
        mode=mode,
        charges_enabled=body.get("charges_enabled") is not False,
    )
    return json_answer(handed_out(account), 201)


def handed_out(account: Document) -> dict[str, str]:
    keys = {f"{kind}_key": key for kind, key in account["_keys"].items()}
    return {"account_id": account["id"]} | keys


def limit_key(world: World, request: Request) -> Response:
    body = read_json(request)
    lacks = body.get("lacks", [])
    if not isinstance(lacks, list) or not all(isinstance(one, str) for one in lacks):
        raise refuse(400, "lacks is a list of rights, such as webhook_write")
    key, is_revoked = str(body.get("key") or ""), body.get("revoked") is True
    try:
        accounts.limit_key(world, key, lacks=lacks, is_revoked=is_revoked)
    except LookupError as error:
        raise refuse(404, "Key not found") from error
    except ValueError as error:
        raise refuse(400, "Only a restricted key can lack a right") from error
    return json_answer({"lacks": lacks, "revoked": is_revoked})


def pay(world: World, request: Request, id_: str) -> Response:
    body = read_json(request)
    method, outcome = body.get("method", "card"), body.get("outcome")
    if method not in ("card", "bank_debit"):
        raise refuse(400, "method is card or bank_debit")
    if outcome not in (None, "succeeded", "failed", "declined"):
        raise refuse(400, "outcome is succeeded, failed or declined")
    card = payments.DECLINED_CARD if method == "card" and outcome in ("failed", "declined") else "4242424242424242"
    try:
        code, tax_id = str(body.get("code") or ""), str(body.get("tax_id") or "")
        event = payments.pay(world, id_, method=method, card=card, email=body.get("email"), code=code, tax_id=tax_id)
    except promotions.NoSuchCode as error:
        raise refuse(400, "The session does not take this promotion code") from error
    except LookupError as error:
        raise refuse(404, "Session not found") from error
    except payments.SessionNotOpen as error:
        raise refuse(409, "Session is not open", f"It is {error.status}.") from error
    except payments.MethodNotOffered as error:
        raise refuse(400, "The session does not take this way of paying") from error
    except payments.CardDeclined as error:
        raise refuse(402, "Your card was declined.") from error
    if method == "bank_debit" and outcome is not None:
        payments.settle_bank(world, id_, succeeded=outcome == "succeeded")
    if body.get("wait") is True:
        wait = float(settings.read(world.store, "stripe")["checkout_wait_seconds"])
        deliveries.wait_until_delivered(world, event["id"], wait)
    return json_answer(public(world.store.get("stripe_checkout.session", id_) or {}))


def settle_bank(world: World, request: Request, id_: str) -> Response:
    outcome = read_json(request).get("outcome")
    if outcome not in ("succeeded", "failed"):
        raise refuse(400, "outcome is succeeded or failed")
    try:
        session = payments.settle_bank(world, id_, succeeded=outcome == "succeeded")
    except LookupError as error:
        raise refuse(404, "Session not found") from error
    except payments.NoBankPaymentPending as error:
        raise refuse(409, "No bank payment is pending on this session") from error
    return json_answer(public(session))


def fail_refund(world: World, request: Request, id_: str) -> Response:
    try:
        refund = refunds.fail(world, id_)
    except LookupError as error:
        raise refuse(404, "Refund not found") from error
    except refunds.RefundIsOver as error:
        raise refuse(409, "The refund has failed already") from error
    return json_answer(public(refund))


def deliver(world: World, request: Request, id_: str) -> Response:
    body = read_json(request)
    event = world.store.get("stripe_event", id_)
    if event is None:
        raise refuse(404, "Event not found")
    count, parallel = body.get("times", 1), body.get("parallel", 1)
    if not all(isinstance(one, int) and 1 <= one <= MOST_DELIVERIES for one in (count, parallel)):
        raise refuse(400, f"times and parallel are whole numbers from 1 to {MOST_DELIVERIES}")
    results = deliveries.deliver_now(world, event, times_each=count, parallel=parallel)
    return json_answer({"event": id_, "deliveries": results})


def roll_secret(world: World, request: Request, id_: str) -> Response:
    try:
        return json_answer({"secret": webhook_endpoints.roll(world, id_)})
    except LookupError as error:
        raise refuse(404, "Webhook endpoint not found") from error


def change_settings(world: World, request: Request) -> Response:
    return json_answer(settings.change(world.store, "stripe", read_json(request)))


def state(world: World, request: Request) -> Response:
    def newest(kind: str) -> list[dict[str, Any]]:
        return [public(one) | {"account": one.get("_account")} for one in world.store.find(kind, limit=100)]

    shown = []
    for event in world.store.find("stripe_event", limit=100):
        owed = events.deliveries(world, event["id"])
        shown.append({"id": event["id"], "type": event["type"], "account": event["_account"], "deliveries": owed})
    return json_answer(
        {
            "accounts": [
                handed_out(one) | {"business_name": one["business_profile"]["name"]}
                for one in world.store.find("stripe_account")
            ],
            "sessions": newest("stripe_checkout.session"),
            "refunds": newest("stripe_refund"),
            "disputes": newest("stripe_dispute"),
            "webhook_endpoints": newest("stripe_webhook_endpoint"),
            "events": shown,
            "settings": settings.read(world.store, "stripe"),
        }
    )
