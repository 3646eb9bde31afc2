"""Sealing: AES-256-GCM under a key of the agency's own, which is itself sealed by a key from the environment.

What was sealed for one agency, or for one field, does not open for another: both are authenticated with the text.
"""

import base64
import hmac
import os
from collections.abc import Callable
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from vault.models import DataKey

_VERSION = b"\x01"
_NONCE = 12


class CannotOpen(ValueError):
    """The sealed bytes are not of this agency and field, were altered, or the environment's key is missing."""


def seal(text: str, *, agency_id: int, field: str) -> bytes:
    """Seal a secret of the agency. `field` names the column, as `stripe.secret_key`, and is needed to open it."""
    return _VERSION + _encrypt(_data_key(agency_id), text.encode(), _context(agency_id, field))


def unseal(sealed: bytes | memoryview, *, agency_id: int, field: str, key: DataKey | None = None) -> str:
    """The secret again; `key` saves the query for the agency's data key. Raises CannotOpen."""
    raw = bytes(sealed)
    if raw[:1] != _VERSION:
        raise CannotOpen(f"{field} of agency {agency_id} is sealed in an unknown way")
    inner = _data_key(agency_id) if key is None else _unwrap(key)
    return _decrypt(inner, raw[1:], _context(agency_id, field)).decode()


def hasher(*, agency_id: int, field: str) -> Callable[[str], str]:
    """What gives a keyed hash of a text: the same for the same text for ever, and nothing to who has no key.

    The key is made from the agency's data key, for this field alone, and goes with it.
    """
    key = hmac.digest(_data_key(agency_id), _context(agency_id, field), "sha256")
    return lambda text: hmac.digest(key, text.encode(), "sha256").hex()


def rewrap(key: DataKey) -> None:
    """Seal an agency's data key under the environment's current key."""
    key.wrapped = _encrypt(_environment_keys()[0], _unwrap(key), _context(key.agency_id, "data_key"))
    key.save(update_fields=["wrapped"])


def seal_for_platform(text: str, *, field: str) -> bytes:
    """Seal a secret of nobody's agency, such as what a team member signs in by, under the environment's current key."""
    return _VERSION + _encrypt(_environment_keys()[0], text.encode(), _platform_context(field))


def unseal_for_platform(sealed: bytes, *, field: str) -> str:
    """The secret again, with whichever key of the environment it was sealed under. Raises CannotOpen."""
    for key in _environment_keys() if sealed[:1] == _VERSION else []:
        try:
            return _decrypt(key, sealed[1:], _platform_context(field)).decode()
        except CannotOpen:
            continue
    raise CannotOpen(f"no key of VAULT_KEYS opens this {field}")


def _data_key(agency_id: int) -> bytes:
    key = DataKey.objects.filter(agency_id=agency_id).first()
    if key is None:
        fresh = _encrypt(_environment_keys()[0], os.urandom(32), _context(agency_id, "data_key"))
        key, _created = DataKey.objects.get_or_create(agency_id=agency_id, defaults={"wrapped": fresh})
    return _unwrap(key)


def _unwrap(key: DataKey) -> bytes:
    context = _context(key.agency_id, "data_key")
    for outer in _environment_keys():
        try:
            return _decrypt(outer, bytes(key.wrapped), context)
        except CannotOpen:
            continue
    raise CannotOpen(f"no key of VAULT_KEYS opens the data key of agency {key.agency_id}")


@cache
def _decoded(keys: tuple[str, ...]) -> list[bytes]:
    decoded = [base64.b64decode(key) for key in keys]
    if not decoded or any(len(key) != 32 for key in decoded):
        raise ImproperlyConfigured("VAULT_KEYS holds keys of 32 bytes in base64, the current one first")
    return decoded


def _environment_keys() -> list[bytes]:
    return _decoded(tuple(settings.VAULT_KEYS))


def _context(agency_id: int, field: str) -> bytes:
    return f"{agency_id}|{field}|1".encode()


def _platform_context(field: str) -> bytes:
    # No agency's id is a word.
    return f"platform|{field}|1".encode()


def _encrypt(key: bytes, text: bytes, context: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text, context)


def _decrypt(key: bytes, sealed: bytes, context: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("the sealed bytes do not open") from error
