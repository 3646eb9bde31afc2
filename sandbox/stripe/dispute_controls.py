"""The levers for disputes: what the buyer's bank does, under /_sandbox/stripe and as buttons of the page."""

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.answers import json_answer, read_json, refuse
from sandbox.store import Document
from sandbox.stripe import disputes
from sandbox.stripe.objects import public
from sandbox.world import World


def open_dispute(world: World, request: Request, id_: str) -> Response:
    """Dispute the payment of this intent: `amount`, `reason`, `inquiry` only, or `bank_reversal`, which is final."""
    body = read_json(request)
    amount, reason = body.get("amount"), str(body.get("reason") or "fraudulent")
    if amount is not None and type(amount) is not int:
        raise refuse(400, "amount is a whole number")
    return json_answer(public(_opened(world, id_, amount, reason, body)), 201)


def _opened(world: World, id_: str, amount: int | None, reason: str, how: Document) -> Document:
    intent = world.store.get("stripe_payment_intent", id_) or {}
    charge_id = str(intent.get("latest_charge") or "")
    try:
        if how.get("bank_reversal"):
            return disputes.reverse_bank_debit(world, charge_id)
        return disputes.open_dispute(
            world, charge_id, amount=amount, reason=reason, is_inquiry=bool(how.get("inquiry"))
        )
    except LookupError as error:
        raise refuse(404, "Payment not found") from error
    except disputes.NotDisputable as error:
        raise refuse(409, "This payment cannot be disputed") from error


def step(world: World, request: Request, id_: str, name: str) -> Response:
    """The next step of a dispute, by its name."""
    return json_answer(public(_stepped(world, id_, name)))


def _stepped(world: World, id_: str, name: str) -> Document:
    if name not in disputes.STEPS:
        raise refuse(404, "No such step", f"One of {', '.join(disputes.STEPS)}.")
    try:
        return disputes.step(world, id_, name)
    except LookupError as error:
        raise refuse(404, "Dispute not found") from error
    except disputes.StepNotPossible as error:
        raise refuse(409, "The dispute is not where this step starts") from error


def press_dispute(world: World, request: Request, id_: str) -> Response:
    """The page's buttons beside a payment."""
    _opened(world, id_, None, "fraudulent", {str(request.form.get("how")): True})
    return redirect("/#sessions", 303)


def press_step(world: World, request: Request, id_: str, name: str) -> Response:
    """The page's buttons beside a dispute."""
    _stepped(world, id_, name)
    return redirect("/#disputes", 303)


def possible_steps(dispute: Document) -> list[str]:
    """The steps that can come next, for the page."""
    balance = sum(moved["amount"] for moved in dispute["balance_transactions"])
    return [
        name
        for name, (needed, _, _) in disputes.STEPS.items()
        if dispute["status"] in needed
        and not (name == "withdraw" and balance != 0)
        and not (name == "reinstate" and balance == 0)
    ]
