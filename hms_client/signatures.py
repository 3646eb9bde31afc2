"""Proves that a webhook comes from HMS and from now: HMAC-SHA256 over `timestamp.body`, compared in constant time."""

import hmac
import re

from hms_client.constants import SIGNATURE_TOLERANCE_SECONDS
from hms_client.errors import InvalidArgument, InvalidSignature, SignatureFault

_PREFIX = "sha256="
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)  # a 12th digit comes in the year 5138; milliseconds have 13 today
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def verify(
    *,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    secret: str,
    now: int,
    tolerance_seconds: int = SIGNATURE_TOLERANCE_SECONDS,
) -> None:
    """Return when `body` was signed with `secret` within `tolerance_seconds` of `now`, before or after.

    `timestamp` and `signature` are the headers X-Webhook-Timestamp (Unix seconds) and
    X-Webhook-Signature (hex, with or without `sha256=`), as they came. Verify before parsing.
    Raises InvalidSignature with its reason; InvalidArgument for an empty secret.
    """
    sent = _seconds(timestamp)
    digest = _digest(signature)
    if not hmac.compare_digest(digest, _expected(body, timestamp or "", secret)):
        raise InvalidSignature(SignatureFault.MISMATCH)
    if now - sent > tolerance_seconds:
        raise InvalidSignature(SignatureFault.TOO_OLD)
    if sent - now > tolerance_seconds:
        raise InvalidSignature(SignatureFault.TOO_NEW)


def sign(body: bytes, timestamp: str, secret: str) -> str:
    """Return the header X-Webhook-Signature as HMS sends it. Raises InvalidArgument for an empty secret."""
    return _PREFIX + _expected(body, timestamp, secret)


def _expected(body: bytes, timestamp: str, secret: str) -> str:
    if not secret:  # with an empty key everyone can sign
        raise InvalidArgument("the webhook secret is empty")
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


def _seconds(timestamp: str | None) -> int:
    if not timestamp:
        raise InvalidSignature(SignatureFault.MISSING_TIMESTAMP)
    if not _SECONDS.fullmatch(timestamp):
        raise InvalidSignature(SignatureFault.MALFORMED_TIMESTAMP)
    return int(timestamp)


def _digest(signature: str | None) -> str:
    if not signature:
        raise InvalidSignature(SignatureFault.MISSING_SIGNATURE)
    digest = signature.removeprefix(_PREFIX)
    if not _HEX.fullmatch(digest):
        raise InvalidSignature(SignatureFault.MALFORMED_SIGNATURE)
    return digest
