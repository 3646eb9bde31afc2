"""Certificates: what was erased, as JSON that is signed and that anybody can check. Pure but for the keys."""

import json
from collections.abc import Mapping
from typing import Any

from vault import signing

_ALGORITHM = "Ed25519"


class NotGenuine(ValueError):
    """The text is no certificate, was altered, or was not signed by us. The message says which."""


def signed(document: Mapping[str, Any]) -> str:
    """The certificate as it is kept and sent: the document with its signature."""
    public_key, signature = signing.sign(_message(document))
    stamp = {"algorithm": _ALGORITHM, "public_key": public_key, "signature": signature}
    return json.dumps({**document, "signature": stamp}, indent=1, ensure_ascii=False)


def verified(text: str, *, public_key: str = "") -> dict[str, Any]:
    """The document of a certificate, without its signature. Raises NotGenuine.

    `public_key` is one that is known to be the platform's; without it, those of this environment are.
    """
    try:
        document = json.loads(text)
        stamp = document.pop("signature")
        key, signature = str(stamp["public_key"]), str(stamp["signature"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotGenuine("This is no certificate.") from error
    if not signing.fits(_message(document), public_key=key, signature=signature):
        raise NotGenuine("The signature does not fit: the text was altered.")
    if key not in ([public_key] if public_key else signing.public_keys()):
        raise NotGenuine("It was signed with another key.")
    found: dict[str, Any] = document
    return found


def _message(document: Mapping[str, Any]) -> bytes:
    """What is signed: the document in the one spelling that does not depend on how it is written down."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
