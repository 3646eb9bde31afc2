"""The records that an agency sets at its DNS provider, exactly as they have to be typed there."""

from dataclasses import dataclass

from django.conf import settings

from domains import names
from domains.doctor import CHALLENGE_LABEL
from domains.models import Domain


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `name` is whole; `name_in_zone` is what providers want that add the zone themselves ("@" for it)."""

    type: str
    name: str
    name_in_zone: str
    value: str


def target(domain: Domain) -> str:
    """What the name's CNAME has to be: a name of this claim alone."""
    return f"{domain.token}.{settings.DOMAIN_TARGET_BASE}"


def challenge_name(domain: Domain) -> str:
    """Where the TXT record stands that proves a name without a CNAME; its value is the claim's token."""
    return f"{CHALLENGE_LABEL}.{domain.domain}"


def cname(domain: Domain) -> Record:
    """The record that routes and proves at once."""
    return Record("CNAME", domain.domain, _in_zone(domain.domain, domain), target(domain))


def flattened(domain: Domain) -> list[Record]:
    """For a name that cannot have a CNAME: the TXT record that proves it, and the addresses it has to point at."""
    name = challenge_name(domain)
    proof = Record("TXT", name, _in_zone(name, domain), domain.token)
    return [proof, *(_address(domain, address) for address in settings.INGRESS_ADDRESSES)]


def _address(domain: Domain, address: str) -> Record:
    kind = "AAAA" if ":" in address else "A"
    return Record(kind, domain.domain, _in_zone(domain.domain, domain), address)


def _in_zone(name: str, domain: Domain) -> str:
    zone = names.zone_of(domain.domain)
    return name.removesuffix(zone).removesuffix(".") or "@"
