"""What the keys of Stripe and HMS look like: a key in the wrong field is recognised before it is sent anywhere.

Pure. Every refusal names the field that is wrong and says in one sentence what to paste instead.
"""

import re
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

_AROUND = " \t\r\n\u00a0\u200b\u200c\u200d\ufeff\"'`\u201c\u201d\u2018\u2019"
_SECRET = re.compile(r"\b((?:sk|rk|pk)_(?:live|test|org)_|whsec_|capi_|fl_(?:live_|test_)?)[A-Za-z0-9+/=_-]{4,}")
_PREFIX = re.compile(r"(?:(?:sk|rk|pk)_(?:live|test)_|whsec_|capi_|fl_(?:live_|test_)?|)")
_LONGEST = 255


class Kind(Enum):
    """What a pasted text is, by its first letters."""

    PUBLISHABLE = re.compile(r"pk_(live|test)_[A-Za-z0-9]+")
    SECRET = re.compile(r"[sr]k_(live|test)_[A-Za-z0-9]+")
    ORGANISATION = re.compile(r"sk_org_\S*")
    WEBHOOK = re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,}")
    HMS = re.compile(r"fl_[A-Za-z0-9_-]{4,}")
    UNKNOWN = re.compile(r"(?s).*")


@dataclass
class WrongKey(ValueError):
    """A text that is not the key its field asks for. `sentence` is for the person who pasted it."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


def cleaned(pasted: str | None) -> str:
    """The key without what copying adds around it: spaces, line ends, quotes."""
    return (pasted or "").strip(_AROUND)


def kind_of(key: str) -> Kind:
    """What the key is. A key of the right beginning with a space or a foreign letter in it is UNKNOWN."""
    return next(kind for kind in Kind if kind.value.fullmatch(key))


def is_live(key: str) -> bool:
    """Whether a Stripe key moves real money."""
    return key[2:].startswith("_live_")


def is_restricted(key: str) -> bool:
    """Whether a Stripe key has the rights alone that were chosen for it."""
    return key.startswith("rk_")


def hidden(text: str) -> str:
    """The text with every key in it cut down to its prefix."""
    return _SECRET.sub(r"\1***", text)


def mask(key: str) -> str:
    """What may be shown of a key: its prefix and its last four characters, as `sk_live_...4242`."""
    prefix = _PREFIX.match(key)
    shown = prefix[0] if prefix else ""
    return f"{shown}...{key[-4:] if len(key) >= len(shown) + 12 else ''}"


def check_publishable(key: str) -> None:
    """Raises WrongKey unless it is a publishable key of Stripe."""
    _check("publishable_key", key, Kind.PUBLISHABLE, _publishable_sentences())


def check_secret(key: str) -> None:
    """Raises WrongKey unless it is a secret or restricted key of one Stripe account."""
    _check("secret_key", key, Kind.SECRET, _secret_sentences())


def check_webhook_secret(key: str) -> None:
    """Raises WrongKey unless it is the signing secret of a Stripe webhook endpoint."""
    _check("webhook_secret", key, Kind.WEBHOOK, _webhook_sentences())


def check_hms(key: str) -> None:
    """Raises WrongKey unless it is a key of HMS."""
    _check("api_key", key, Kind.HMS, _hms_sentences())


def check_same_mode(*, publishable_key: str, secret_key: str) -> None:
    """Raises WrongKey when one of the pair is a live key and the other a test key."""
    if is_live(publishable_key) == is_live(secret_key):
        return
    raise WrongKey(
        "secret_key",
        _("The publishable key is a live key and this one is a test key. Paste two keys of the same mode.")
        if is_live(publishable_key)
        else _("The publishable key is a test key and this one is a live key. Paste two keys of the same mode."),
    )


def _check(field: str, key: str, wanted: Kind, sentences: dict[Kind, str]) -> None:
    kind = kind_of(key) if len(key) <= _LONGEST else Kind.UNKNOWN
    if kind is not wanted:
        raise WrongKey(field, sentences[kind])


def _publishable_sentences() -> dict[Kind, str]:
    return {
        Kind.SECRET: _("This is a secret key. The publishable key starts with pk_live_ or pk_test_."),
        Kind.ORGANISATION: _("This is an organisation key. Paste the publishable key of one account (pk_...)."),
        Kind.WEBHOOK: _("This is a webhook signing secret. The publishable key starts with pk_live_ or pk_test_."),
        Kind.HMS: _("This is an HMS key. The publishable key comes from Stripe and starts with pk_."),
        Kind.UNKNOWN: _("A publishable key starts with pk_live_ or pk_test_, followed by letters and digits."),
    }


def _secret_sentences() -> dict[Kind, str]:
    return {
        Kind.PUBLISHABLE: _("This is the publishable key. The secret key starts with sk_ or rk_."),
        Kind.ORGANISATION: _("This is a key of a whole Stripe organisation. Paste a key of one account (sk_ or rk_)."),
        Kind.WEBHOOK: _("This is a webhook signing secret. The secret key starts with sk_ or rk_."),
        Kind.HMS: _("This is an HMS key. The secret key comes from Stripe and starts with sk_ or rk_."),
        Kind.UNKNOWN: _("A secret key starts with sk_live_, sk_test_, rk_live_ or rk_test_, then letters and digits."),
    }


def _webhook_sentences() -> dict[Kind, str]:
    general = _("The signing secret of the webhook endpoint starts with whsec_. Stripe shows it beside the endpoint.")
    return {
        Kind.PUBLISHABLE: _("This is the publishable key. The signing secret starts with whsec_."),
        Kind.SECRET: _("This is a secret key. The signing secret of the webhook endpoint starts with whsec_."),
        Kind.ORGANISATION: _("This is an organisation key. The signing secret starts with whsec_."),
        Kind.HMS: _("This is an HMS key. The signing secret comes from Stripe and starts with whsec_."),
        Kind.UNKNOWN: general,
    }


def _hms_sentences() -> dict[Kind, str]:
    stripe = _("This is a key of Stripe. The HMS key starts with fl_; you find it in HMS under Settings, API Keys.")
    return {
        Kind.PUBLISHABLE: stripe,
        Kind.SECRET: stripe,
        Kind.ORGANISATION: stripe,
        Kind.WEBHOOK: stripe,
        Kind.UNKNOWN: _("An HMS key starts with fl_. You find it in HMS under Settings, API Keys."),
    }
