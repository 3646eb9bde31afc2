"""Made-up identifiers and keys in the forms the two providers use; none of them opens anything outside this sandbox."""

import secrets
import string
import uuid

ALPHABET = string.ascii_letters + string.digits


def token(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def uuid4() -> str:
    return str(uuid.uuid4())


def hms_key() -> str:
    return f"fl_live_{token(40)}"


def call_id(phone: str | None) -> str:
    """Like the ones HMS gives: the other side's number is part of it, so is a plus sign."""
    return f"call-_{phone or 'web'}_{token(12)}"


def stripe_id(prefix: str) -> str:
    return f"{prefix}_{token(24)}"
