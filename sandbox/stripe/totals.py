"""What a session costs: its lines, less the promotion code, plus tax. Whole minor units, halves upwards."""

from typing import Any

from sandbox.store import Document

# One rate for everybody, on top of the price: enough to see a tax line everywhere.
TAX_PERCENT = 21


def reckon(session: Document) -> None:
    """Write discount, tax and total into the session and its lines."""
    percent_off = sum(one["_percent_off"] for one in session["_codes"])
    taxed = session["automatic_tax"]["enabled"]
    for item in session["_line_items"]["data"]:
        subtotal = item["amount_subtotal"]
        item["amount_discount"] = _share(subtotal, percent_off)
        item["amount_tax"] = _share(subtotal - item["amount_discount"], TAX_PERCENT) if taxed else 0
        item["amount_total"] = subtotal - item["amount_discount"] + item["amount_tax"]
    items = session["_line_items"]["data"]
    session["amount_subtotal"] = sum(item["amount_subtotal"] for item in items)
    session["amount_total"] = sum(item["amount_total"] for item in items)
    session["total_details"] = {
        "amount_discount": sum(item["amount_discount"] for item in items),
        "amount_shipping": 0,
        "amount_tax": sum(item["amount_tax"] for item in items),
    }
    session["payment_status"] = "unpaid" if session["amount_total"] else "no_payment_required"
    session["discounts"] = [{"coupon": one["coupon"], "promotion_code": one["id"]} for one in session["_codes"]]


def _share(amount: int, percent: int) -> int:
    return (amount * percent + 50) // 100


def lines(session: Document) -> list[dict[str, Any]]:
    """The sums that stand between the lines and the total on the page."""
    details = session["total_details"]
    shown = [
        {"name": "Subtotal", "minor": session["amount_subtotal"]},
        {"name": "Discount", "minor": -details["amount_discount"]},
        {"name": f"Tax ({TAX_PERCENT} %)", "minor": details["amount_tax"]},
    ]
    return shown if shown[1]["minor"] or shown[2]["minor"] else []
