"""Everything that can go wrong, as one tree; catch HMSError and nothing escapes.

HMSError
├── InvalidArgument          refused here, before anything was sent (also a ValueError)
├── ConnectionFailed         no answer came
│   └── TimedOut             ... in time
├── StatusError              an answer outside 2xx; also raised itself for a status without a class
│   ├── BadRequest           400
│   ├── Unauthorized         401
│   ├── InsufficientCredits  402   .balance
│   ├── Forbidden            403
│   ├── NotFound             404
│   ├── Conflict             409
│   ├── Unprocessable        422
│   ├── RateLimited          429   .retry_after
│   └── ServerFault          5xx
├── UnexpectedAnswer         a 2xx answer that does not say what it must
├── InvalidSignature         a webhook that is not from HMS, or not from now; .reason
└── UnreadableWebhook        a webhook body that is not an event

No message and no attribute ever holds the API key, and every error survives pickling.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hms_client.values import Json


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """What an answer said about the limit of requests; None where it said nothing."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: int | None = None  # Unix seconds


class HMSError(Exception):
    """The root. `outcome_unknown` is True when the request may have been carried out although it failed here.

    Ask it before repeating anything that must not happen twice, such as creating an organization.
    """

    outcome_unknown: bool = False


class InvalidArgument(HMSError, ValueError):
    """The caller's mistake; nothing was sent."""


class ConnectionFailed(HMSError):
    """No answer. `outcome_unknown` is False only when the request surely never left."""

    def __init__(self, message: str = "", *, outcome_unknown: bool = True) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class TimedOut(ConnectionFailed):
    """No answer in time."""


class StatusError(HMSError):
    """An answer outside 2xx. Branch on the class or the status, never on the text."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        body: Json = None,
        code: str | None = None,
        details: tuple[str, ...] = (),
        rate: RateHeaders | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body  # parsed when it was JSON, else its text
        self.code = code
        self.details = details
        self.rate = rate or RateHeaders()


class BadRequest(StatusError):
    """400: HMS does not accept what was sent; `details` may say why."""


class Unauthorized(StatusError):
    """401: the key is missing, wrong, revoked or expired."""


class InsufficientCredits(StatusError):
    """402: no minutes are left. `balance` in minutes, when HMS told it."""

    balance: Decimal | None = None


class Forbidden(StatusError):
    """403: the key is good, the thing belongs to another organization (HMS may say 404 for the same)."""


class NotFound(StatusError):
    """404."""


class Conflict(StatusError):
    """409: a duplicate, or still in use by something else."""


class Unprocessable(StatusError):
    """422: understood, but cannot be done."""


class RateLimited(StatusError):
    """429: refused before it was looked at. `retry_after` in seconds, when HMS told it."""

    retry_after: int | None = None


class ServerFault(StatusError):
    """5xx. What was asked may have been done all the same."""

    outcome_unknown = True


class UnexpectedAnswer(HMSError):
    """HMS said yes, but in words this library cannot read. `body` keeps what came."""

    outcome_unknown = True

    def __init__(self, message: str = "", *, status: int | None = None, body: Json = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class SignatureFault(StrEnum):
    """Why a webhook was not believed."""

    MISSING_TIMESTAMP = "missing timestamp"
    MISSING_SIGNATURE = "missing signature"
    MALFORMED_TIMESTAMP = "malformed timestamp"
    MALFORMED_SIGNATURE = "malformed signature"
    MISMATCH = "signature does not match"
    TOO_OLD = "timestamp too old"
    TOO_NEW = "timestamp in the future"


class InvalidSignature(HMSError):
    """Not signed with this secret, or not now."""

    def __init__(self, reason: SignatureFault) -> None:
        super().__init__(reason)
        self.reason = reason


class UnreadableWebhook(HMSError):
    """The body is not JSON of the form every HMS event has."""
