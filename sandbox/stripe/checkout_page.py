"""The hosted page a session's url leads to: pay by card or bank debit, or go back; works without any script."""

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox import settings, templating
from sandbox.store import Document
from sandbox.stripe import deliveries, payments, promotions, totals
from sandbox.stripe.sessions import EMAIL
from sandbox.world import World

PREFILLED_CARD = "4242 4242 4242 4242"
CARD_DIGITS = range(12, 20)
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


def show(world: World, request: Request, id_: str) -> Response:
    session = world.store.get("stripe_checkout.session", id_)
    if session is None:
        return templating.page("checkout_gone.html", status=404, what="unknown", back="")
    if session["status"] != "open":
        back = success_url(session) if session["status"] == "complete" else session["cancel_url"] or ""
        return templating.page("checkout_gone.html", what=session["status"], back=back)
    return _form(world, session)


def _form(world: World, session: Document, *, error: str = "", email: str = "", card: str = PREFILLED_CARD) -> Response:
    account = world.store.get("stripe_account", session["_account"]) or {}
    return templating.page(
        "checkout.html",
        status=402 if error else 200,
        session=session,
        items=session["_line_items"]["data"],
        sums=totals.lines(session),
        business_name=account["business_profile"]["name"],
        email=email or session["customer_email"] or "",
        card=card,
        error=error,
    )


def pay(world: World, request: Request, id_: str) -> Response:
    session = world.store.get("stripe_checkout.session", id_)
    if session is None or session["status"] != "open":
        return show(world, request, id_)
    email = request.form.get("email", "").strip()
    if request.form.get("method") == "code":
        return _with_code(world, id_, email=email, code=request.form.get("code", ""))
    shown_card = request.form.get("card", "").strip()
    card = shown_card.replace(" ", "").replace("-", "")
    method: payments.Method = "bank_debit" if request.form.get("method") == "bank_debit" else "card"
    error = _mistake(email, card, method, is_free=session["amount_total"] == 0)
    if not error:
        tax_id = request.form.get("tax_id", "").strip()
        try:
            event = payments.pay(world, id_, method=method, card=card, email=email, tax_id=tax_id)
        except payments.CardDeclined:
            error = "Your card was declined. Try another card."
        except payments.MethodNotOffered:
            error = "This seller does not take that way of paying."
        except payments.SessionNotOpen:
            return show(world, request, id_)
    if error:
        return _form(world, session, error=error, email=email, card=shown_card)
    wait = float(settings.read(world.store, "stripe")["checkout_wait_seconds"])
    deliveries.wait_until_delivered(world, event["id"], wait)
    return redirect(success_url(session), 303)


def _with_code(world: World, id_: str, *, email: str, code: str) -> Response:
    """The page with the promotion code on it, or saying that it is none."""
    try:
        with world.store.transaction():
            session = promotions.apply(world, payments.open_session(world, id_), code)
    except promotions.NoSuchCode:
        return _form(world, payments.open_session(world, id_), error="This code is invalid.", email=email)
    return _form(world, session, email=email)


def _mistake(email: str, card: str, method: payments.Method, *, is_free: bool) -> str:
    if not EMAIL.fullmatch(email):
        return "Your e-mail address is not complete."
    if method == "card" and not is_free and not (card.isdigit() and len(card) in CARD_DIGITS):
        return "Your card number is not complete."
    return ""


def success_url(session: Document) -> str:
    """Where the buyer goes afterwards, with the session's id in the place kept for it."""
    return str(session["success_url"]).replace(PLACEHOLDER, session["id"])
