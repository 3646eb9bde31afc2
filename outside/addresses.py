"""Which addresses a request may go to: those of the open internet, and networks that the operator allows.

Pure. An address that hides another one (IPv4 inside IPv6) is judged by both.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# Global by their registry, and yet nobody's public server. Older Pythons call some of the others global as well.
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared by providers' own networks
        "168.63.129.16/32",  # Azure's answer to 169.254.169.254
        "192.0.0.0/24",
        "192.88.99.0/24",  # once the nearest relay of 6to4, whoever that is
        "::/96",  # IPv4 inside IPv6, given up
        "64:ff9b:1::/48",  # translators of a local network
        "100::/64",
        "2001::/23",  # Teredo among others
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
    )
)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def may_be_asked(address: Address, *, allowed: Iterable[Network] = ()) -> bool:
    """The address is of the open internet, or in a network that is `allowed`; so is every address inside it."""
    permitted = tuple(allowed)
    return all(_within(one, permitted) or _is_public(one) for one in _layers(address))


def is_within(address: Address, allowed: Iterable[Network]) -> bool:
    """The address, and every address inside it, is in one of these networks."""
    permitted = tuple(allowed)
    return all(_within(one, permitted) for one in _layers(address))


def _layers(address: Address) -> Iterator[Address]:
    """What the address means in the end; for a tunnel or a translator the address itself and the one inside."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            yield address.ipv4_mapped
            return
        if address.sixtofour is not None:
            yield address.sixtofour
        elif address in _TRANSLATED:
            yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
            return
    yield address


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not _within(address, _NEVER)
    )


def _within(address: Address, allowed: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in allowed)
