"""What a buyer gets in writing: a receipt for every charge, an invoice where the session asked for one."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, templating
from sandbox.store import Document
from sandbox.stripe import objects
from sandbox.stripe.auth import Asked, keyed
from sandbox.world import World


def receipt_url(world: World, charge_id: str) -> str:
    return f"{world.base_url}/receipts/{charge_id}"


def make_invoice(world: World, session: Document) -> list[tuple[str, Document]]:
    """The paid invoice of a session that wants one or starts a subscription, as what happened; the caller saves the
    session."""
    if not (session["invoice_creation"]["enabled"] or session["subscription"]) or session["invoice"]:
        return []
    account = world.store.get("stripe_account", session["_account"]) or {}
    id_ = ids.stripe_id("in")
    invoice = objects.base(account, id_, "invoice") | {
        "amount_due": session["amount_total"],
        "amount_paid": session["amount_total"],
        "currency": session["currency"],
        "customer_email": (session["customer_details"] or {}).get("email"),
        "customer_tax_ids": (session["customer_details"] or {}).get("tax_ids"),
        "hosted_invoice_url": f"{world.base_url}/invoices/{id_}",
        "invoice_pdf": f"{world.base_url}/invoices/{id_}?pdf",
        "metadata": {},
        "number": f"{ids.token(8).upper()}-0001",
        "status": "paid",
        "subtotal": session["amount_subtotal"],
        "total": session["amount_total"],
    }
    objects.add(world, account, invoice)
    session["invoice"] = id_
    return [("invoice.paid", invoice)]


@keyed
def show_invoice(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "invoice", id_))


def show_paper(world: World, request: Request, kind: str, id_: str) -> Response:
    """The page behind a receipt's or an invoice's address."""
    found = world.store.get("stripe_charge" if kind == "receipts" else "stripe_invoice", id_)
    account = world.store.get("stripe_account", found["_account"]) if found else None
    if found is None or account is None:
        return templating.page("paper.html", status=404, title="There is no such paper", paper=None)
    name = account["business_profile"]["name"]
    title = f"Receipt from {name}" if kind == "receipts" else f"Invoice from {name}"
    paper = {"id": id_, "minor": found.get("amount_paid", found.get("amount")), "currency": found["currency"]}
    return templating.page("paper.html", title=title, paper=paper)
