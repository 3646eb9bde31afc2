"""What an account must have before Checkout does what a session asks for, in the words in which Stripe refuses.

A new account has no tax set up, takes cards and SEPA debits, and has a prefix for statements. Levers change all of it.
"""

import re
from typing import Any

from sandbox.store import Document
from sandbox.stripe import fields
from sandbox.stripe.refusals import refuse

METHODS = ("card", "sepa_debit")
# What the account can do at Checkout when it is opened; `refuses` names parameters that Checkout takes from nobody.
AS_OPENED: dict[str, Any] = {"tax": False, "methods": list(METHODS), "statement_prefix": "ACME", "refuses": []}
LONGEST_STATEMENT = 22
_FORBIDDEN = re.compile(r"[<>\\'\"*]|[^\x20-\x7e]")


def check(account: Document, params: dict[str, Any]) -> None:
    """Refused 400 for what the account is not set up for."""
    can = AS_OPENED | account.get("_checkout", {})
    for name in can["refuses"]:
        if name in params:
            raise refuse(400, f"This account cannot use {name}.", param=name)
    if _enabled(params, "automatic_tax") and not can["tax"]:
        message = (
            "You must have a valid head office address to enable automatic tax calculation. "
            "Visit https://dashboard.stripe.com/settings/tax to update it."
        )
        raise refuse(400, message, code="stripe_tax_inactive", param="automatic_tax")
    if not methods(account, params):
        message = (
            "No valid payment method types for this Checkout Session. Please ensure that you have activated payment "
            "methods compatible with your chosen currency in your dashboard."
        )
        raise refuse(400, message, param="allowed_payment_method_types")
    suffix = fields.text(fields.mapping(params, "payment_intent_data"), "statement_descriptor_suffix")
    if suffix is not None:
        _check_suffix(suffix, str(can["statement_prefix"]))


def methods(account: Document, params: dict[str, Any]) -> list[str]:
    """Ways of paying that the session offers."""
    can = AS_OPENED | account.get("_checkout", {})
    allowed = fields.texts(params, "allowed_payment_method_types")
    excluded = fields.texts(params, "excluded_payment_method_types") or []
    return [one for one in can["methods"] if (allowed is None or one in allowed) and one not in excluded]


def _enabled(params: dict[str, Any], name: str) -> bool:
    return fields.mapping(params, name).get("enabled") == "true"


def _check_suffix(suffix: str, prefix: str) -> None:
    param = "payment_intent_data[statement_descriptor_suffix]"
    if _FORBIDDEN.search(suffix):
        raise refuse(400, "The statement descriptor contains invalid characters.", param=param)
    if not re.search(r"[A-Za-z]", suffix):
        raise refuse(400, "The statement descriptor must contain at least one alphabetic character.", param=param)
    if len(f"{prefix}* {suffix}") > LONGEST_STATEMENT:
        message = f"The statement descriptor '{prefix}* {suffix}' is longer than {LONGEST_STATEMENT} characters."
        raise refuse(400, message, param=param)
