"""Tokens of links in invitations: made anew from the row with the platform's key, stored as their hash alone."""

import hashlib

from django.utils.crypto import salted_hmac


def token_of(purpose: str, said: str) -> str:
    """The token for what is said of a row, which includes whatever ends an older one. `purpose` keeps kinds apart."""
    return salted_hmac(purpose, said, algorithm="sha256").hexdigest()


def hash_of(token: str) -> str:
    """What a table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
