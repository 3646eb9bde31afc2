"""Asks the machine's resolver for the addresses of a name, within a time.

Names under localhost mean this machine and are not asked for. No search list is used: a name is meant as it is written.
"""

import ipaddress
import time
from functools import cache

import dns.exception
import dns.rdatatype
import dns.resolver

from outside.addresses import Address

_REMEMBERED = 1_000


class NoSuchName(LookupError):
    """The name has no address, or nobody could say."""


def lookup(host: str, seconds: float) -> tuple[Address, ...]:
    """The addresses of an A-label name, IPv4 first. Raises NoSuchName, and TimeoutError after so many seconds."""
    if host == "localhost" or host.endswith(".localhost"):
        return (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))
    ends = time.monotonic() + seconds
    found = [address for kind in (dns.rdatatype.A, dns.rdatatype.AAAA) for address in _asked(host, kind, ends)]
    if not found:
        raise NoSuchName(host)
    return tuple(found)


def _asked(host: str, kind: dns.rdatatype.RdataType, ends: float) -> list[Address]:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    try:
        answer = _resolver().resolve(host, kind, lifetime=left, raise_on_no_answer=False, search=False)
    except dns.resolver.LifetimeTimeout as error:
        raise TimeoutError from error
    except dns.exception.DNSException as error:
        raise NoSuchName(host) from error
    return [ipaddress.ip_address(record.to_text()) for record in answer]


@cache
def _resolver() -> dns.resolver.Resolver:
    """The system's, remembering what it was told for as long as that is true."""
    resolver = dns.resolver.Resolver()
    resolver.cache = dns.resolver.LRUCache(_REMEMBERED)
    return resolver
