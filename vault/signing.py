"""Signatures of the platform: Ed25519, under a key of the environment's own or one derived from the vault's.

A text carries the public key that it was signed with, so it can be checked without us; whether that key is ours is
another question, which only the environment answers.
"""

import base64
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_PURPOSE: Final = b"certificates|1"


def sign(message: bytes) -> tuple[str, str]:
    """The public key and the signature, both in base64."""
    key = _private_keys()[0]
    return _spelled(key.public_key()), base64.b64encode(key.sign(message)).decode()


def public_keys() -> list[str]:
    """Our public keys in base64: the one that signs now, then those that signed before."""
    return [_spelled(key.public_key()) for key in _private_keys()]


def fits(message: bytes, *, public_key: str, signature: str) -> bool:
    """Whether the message was signed with the private half of this key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private_keys() -> list[Ed25519PrivateKey]:
    own = [settings.CERTIFICATE_KEY] if settings.CERTIFICATE_KEY else []
    raw = [_decoded(key) for key in own]
    return [Ed25519PrivateKey.from_private_bytes(each) for each in (*raw, *map(_derived, settings.VAULT_KEYS))]


def _decoded(key: str) -> bytes:
    raw = base64.b64decode(key)
    if len(raw) != 32:
        raise ImproperlyConfigured("CERTIFICATE_KEY is 32 bytes in base64")
    return raw


def _derived(vault_key: str) -> bytes:
    """Another key than the one that seals: nobody who has a signature learns anything of that."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(base64.b64decode(vault_key))


def _spelled(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode()
