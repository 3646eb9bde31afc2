"""Whether Stripe said this: the signature over the raw body, checked by hand, with a clock that runs both ways.

Pure. Only v1 signatures count, every one of them is tried with every secret in constant time, and a signature from the
future is refused like an old one (Stripe's own library looks at the past alone).
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TOLERANCE_SECONDS = 300
MAX_BYTES = 256 * 1024
_DUMMY = "whsec_nobody-signs-with-this-one"
# As many as are ever valid at once: an agency without any costs the same time as one with both.
_SECRETS_TRIED = 2
_MOST_SIGNATURES = 8
_HEADER = re.compile(r"[\x20-\x7e]{1,4096}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_EVENT_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
_TYPE = re.compile(r"[A-Za-z0-9_.]{1,120}")
_VERSION = re.compile(r"[\x20-\x7e]{0,40}")
_YEAR_9999 = 253_402_300_799


class InvalidSignature(ValueError):
    """Stripe did not sign this body with one of these secrets within the last five minutes, or it is no event.

    `looks_honest` when it has the form of a signature of now: more likely another secret than somebody's noise.
    """

    def __init__(self, why: str, *, looks_honest: bool = False) -> None:
        super().__init__(why)
        self.looks_honest = looks_honest


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """What every event of Stripe says about itself, in every version of its API."""

    id: str
    type: str
    livemode: bool
    api_version: str
    event_at: datetime
    # Whether the first of the secrets has signed it. Otherwise another one did, and will not for long.
    by_current: bool


def verify(payload: bytes, header: str, secrets: list[str], now: datetime) -> SignedEvent:
    """The event that Stripe signed with one of the secrets, the current one first.

    Raises InvalidSignature for everything else, and nothing else ever.
    """
    timestamp, signatures = _read(header)
    fitting = _fitting(payload, timestamp, signatures, secrets)
    is_of_now = abs(now.timestamp() - int(timestamp)) <= TOLERANCE_SECONDS
    if not fitting:
        raise InvalidSignature("no signature fits", looks_honest=bool(signatures) and is_of_now)
    if not is_of_now:
        raise InvalidSignature("the signature is not of now")
    return _event(payload, by_current=fitting[0] == secrets[0])


def sign(payload: bytes, secrets: list[str], at: datetime) -> str:
    """The header that Stripe would send with this body: one v1 for each secret."""
    timestamp = str(int(at.timestamp()))
    return ",".join([f"t={timestamp}", *(f"v1={_hmac(payload, timestamp, secret)}" for secret in secrets)])


def _read(header: str) -> tuple[str, list[str]]:
    if not _HEADER.fullmatch(header):
        return "0", []
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1" and _SIGNATURE.fullmatch(value)]
    if len(times) != 1 or not _TIMESTAMP.fullmatch(times[0]):
        return "0", []
    return times[0], signatures[:_MOST_SIGNATURES]


def _fitting(payload: bytes, timestamp: str, signatures: list[str], secrets: list[str]) -> list[str]:
    """The secrets that have signed this. The time it takes tells nothing of which, nor of how many there are."""
    tried = [secret for secret in secrets if secret]
    padding = [_DUMMY] * max(0, _SECRETS_TRIED - len(tried))
    found = []
    for secret in [*tried, *padding]:
        expected = _hmac(payload, timestamp, secret)
        fits = False
        for signature in signatures:
            fits |= hmac.compare_digest(expected, signature) and secret is not _DUMMY
        if fits:
            found.append(secret)
    return found


def _hmac(payload: bytes, timestamp: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256).hexdigest()


def _event(payload: bytes, *, by_current: bool) -> SignedEvent:
    try:
        body: Any = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidSignature("the body is not JSON") from error
    if not isinstance(body, dict):
        raise InvalidSignature("the body is not an event")
    version = body.get("api_version") or ""
    created = body.get("created")
    if not (
        _is(_EVENT_ID, body.get("id"))
        and _is(_TYPE, body.get("type"))
        and _is(_VERSION, version)
        and isinstance(body.get("livemode"), bool)
        and type(created) is int
        and 0 < created < _YEAR_9999
        and isinstance(body.get("data"), dict)
    ):
        raise InvalidSignature("the body is not an event")
    event_at = datetime.fromtimestamp(created, UTC)
    return SignedEvent(body["id"], body["type"], body["livemode"], version, event_at, by_current)


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
