"""Every address of the Stripe side."""

from werkzeug.routing import Rule

from sandbox.stripe import (
    accounts,
    checkout_controls,
    checkout_page,
    controls,
    deliveries,
    dispute_controls,
    disputes,
    events,
    papers,
    payments,
    prices,
    products,
    refunds,
    sessions,
    webhook_endpoints,
)

API = "/stripe/v1"
LEVERS = "/_sandbox/stripe"


def _get(path: str, endpoint: object) -> Rule:
    return Rule(path, methods=["GET"], endpoint=endpoint)


def _post(path: str, endpoint: object) -> Rule:
    return Rule(path, methods=["POST"], endpoint=endpoint)


RULES = [
    _get(f"{API}/account", accounts.show),
    _get(f"{API}/products", products.index),
    _post(f"{API}/products", products.create),
    _get(f"{API}/products/<id_>", products.show),
    _post(f"{API}/products/<id_>", products.update),
    _get(f"{API}/prices", prices.index),
    _post(f"{API}/prices", prices.create),
    _get(f"{API}/prices/<id_>", prices.show),
    _post(f"{API}/prices/<id_>", prices.update),
    _get(f"{API}/checkout/sessions", sessions.index),
    _post(f"{API}/checkout/sessions", sessions.create),
    _get(f"{API}/checkout/sessions/<id_>", sessions.show),
    _get(f"{API}/checkout/sessions/<id_>/line_items", sessions.line_items),
    _post(f"{API}/checkout/sessions/<id_>/expire", sessions.expire),
    _get(f"{API}/payment_intents", payments.list_intents),
    _get(f"{API}/payment_intents/<id_>", payments.show_intent),
    _get(f"{API}/charges", payments.list_charges),
    _get(f"{API}/charges/<id_>", payments.show_charge),
    _get(f"{API}/invoices/<id_>", papers.show_invoice),
    _get(f"{API}/refunds", refunds.index),
    _post(f"{API}/refunds", refunds.create),
    _get(f"{API}/refunds/<id_>", refunds.show),
    _get(f"{API}/disputes", disputes.index),
    _get(f"{API}/disputes/<id_>", disputes.show),
    _get(f"{API}/events", events.index),
    _get(f"{API}/events/<id_>", events.show),
    _get(f"{API}/webhook_endpoints", webhook_endpoints.index),
    _post(f"{API}/webhook_endpoints", webhook_endpoints.create),
    _get(f"{API}/webhook_endpoints/<id_>", webhook_endpoints.show),
    _post(f"{API}/webhook_endpoints/<id_>", webhook_endpoints.update),
    Rule(f"{API}/webhook_endpoints/<id_>", methods=["DELETE"], endpoint=webhook_endpoints.delete),
    _get("/checkout/<id_>", checkout_page.show),
    _post("/checkout/<id_>", checkout_page.pay),
    _get("/<any(receipts, invoices):kind>/<id_>", papers.show_paper),
    _post(f"{LEVERS}/accounts", controls.create_account),
    _post(f"{LEVERS}/accounts/<id_>/checkout", checkout_controls.change),
    _post(f"{LEVERS}/accounts/<id_>/promotion_codes", checkout_controls.make_code),
    _post(f"{LEVERS}/keys", controls.limit_key),
    _post(f"{LEVERS}/sessions/<id_>/pay", controls.pay),
    _post(f"{LEVERS}/sessions/<id_>/bank", controls.settle_bank),
    _post(f"{LEVERS}/refunds/<id_>/fail", controls.fail_refund),
    _post(f"{LEVERS}/payment_intents/<id_>/dispute", dispute_controls.open_dispute),
    _post(f"{LEVERS}/disputes/<id_>/<name>", dispute_controls.step),
    _post(f"{LEVERS}/events/<id_>/deliver", controls.deliver),
    _post(f"{LEVERS}/webhook_endpoints/<id_>/roll", controls.roll_secret),
    _post(f"{LEVERS}/settings", controls.change_settings),
    _get(f"{LEVERS}/state", controls.state),
]

CLOCK_HANDLERS = {"stripe_checkout.session": sessions.run_out, "stripe_delivery": deliveries.fall_due}
