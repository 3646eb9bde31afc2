"""Zones and their records, kept in the store: what a provider's form lets one write, and how a name is looked up."""

from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.rdatatype
import dns.rrset

from sandbox import ids
from sandbox.answers import refuse
from sandbox.store import Document, Store

KINDS = ("CNAME", "A", "AAAA", "TXT", "CAA", "ALIAS", "NS")
# Where a proxied name leads: addresses of a well-known proxy, which nobody here connects to.
PROXY = {"A": "104.16.0.1", "AAAA": "2606:4700::6810:1"}
_TTL_SECONDS = 60


@dataclass(frozen=True)
class Found:
    """What stands at a name: values by kind. `exists` also when only names below it are there."""

    exists: bool
    values: dict[str, list[str]]


def add_zone(store: Store, name: str) -> Document:
    """A zone; the one that is there already, if so. Refused 400 for what is no name."""
    zone: Document = {"name": _checked(name)}
    if store.get("dns_zone", zone["name"]) is None:
        store.add("dns_zone", zone["name"], zone)
    return zone


def add_record(store: Store, body: dict[str, Any]) -> Document:
    """A record; its zone is the closest one there is, or is made of the last two labels.

    An ALIAS is answered with the addresses of its value, as providers do who flatten; a proxied record with the
    proxy's. Refused 400 for what could not stand in a zone.
    """
    name, kind, value = _checked(str(body.get("name") or "")), str(body.get("kind") or ""), str(body.get("value") or "")
    if kind not in KINDS or not value:
        raise refuse(400, "name*, kind*, value* and proxied", f"Kinds: {', '.join(KINDS)}.")
    if rrset(name, "CNAME" if kind == "ALIAS" else kind, [value]) is None:
        raise refuse(400, f"This cannot be the value of a {kind} record", value[:200])
    if zone_of(store, name) is None:
        add_zone(store, ".".join(name.split(".")[-2:]))
    record: Document = {
        "id": ids.token(12),
        "name": name,
        "kind": kind,
        "value": value,
        "proxied": body.get("proxied") is True,
    }
    store.add("dns_record", record["id"], record, owner=name)
    return record


def lead_here(store: Store, name: str) -> None:
    """A zone that leads to this machine, with everything below it. Once made it is left as it is."""
    if store.get("dns_zone", name.lower()) is None:
        add_zone(store, name)
        for one in (name, f"*.{name}"):
            add_record(store, {"name": one, "kind": "A", "value": "127.0.0.1"})


def zones(store: Store) -> list[Document]:
    return sorted(store.find("dns_zone"), key=lambda zone: str(zone["name"]))


def records(store: Store, name: str | None = None) -> list[Document]:
    """Of a name, or all; in the order in which they were made."""
    return store.find("dns_record", owner=name)[::-1]


def remove(store: Store, name: str) -> None:
    """All records of a name."""
    for record in records(store, name):
        store.delete("dns_record", record["id"])


def zone_of(store: Store, name: str) -> str | None:
    """The closest zone that the name lies in."""
    for node in upwards(name):
        if store.get("dns_zone", node) is not None:
            return node
    return None


def look_up(store: Store, name: str, zone: str) -> Found:
    """What the zone holds for the name, wildcards included."""
    values = _built_in(name, zone) | _values(records(store, name))
    if values:
        return Found(True, values)
    names = {str(record["name"]) for record in store.find("dns_record")}
    if any(one.endswith(f".{name}") for one in names):
        return Found(True, {})
    for node in list(upwards(name))[1:]:
        if f"*.{node}" in names:
            return Found(True, _values(records(store, f"*.{node}")))
        if node == zone or node in names:
            break
    return Found(False, {})


def _built_in(name: str, zone: str) -> dict[str, list[str]]:
    if name == zone:
        return {"NS": [f"ns1.{zone}"], "SOA": [soa(zone)]}
    return {"A": ["127.0.0.1"]} if name == f"ns1.{zone}" else {}


def _values(found: list[Document]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for record in found:
        if record["proxied"]:
            values |= {kind: [address] for kind, address in PROXY.items()}
        else:
            values.setdefault(record["kind"], []).append(record["value"])
    return values


def soa(zone: str) -> str:
    return f"ns1.{zone}. hostmaster.{zone}. 1 3600 600 86400 60"


def upwards(name: str) -> list[str]:
    """The name and everything above it but the root."""
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def rrset(name: str, kind: str, values: list[str]) -> dns.rrset.RRset | None:
    """As DNS knows it; None for a value that the kind cannot have."""
    texts = [_quoted(value) for value in values] if kind == "TXT" else values
    try:
        made = dns.rrset.from_text_list(
            dns.name.from_text(name), _TTL_SECONDS, "IN", kind, texts, origin=dns.name.root, relativize=False
        )
    except (dns.exception.DNSException, ValueError):
        return None
    return made


def _quoted(value: str) -> str:
    """As strings of at most 255 bytes, each byte that means something to a zone file escaped."""
    raw = value.encode()
    parts = [raw[start : start + 255] for start in range(0, len(raw), 255)]
    return " ".join(f'"{"".join(map(_character, part))}"' for part in parts)


def _character(byte: int) -> str:
    return f"\\{byte:03d}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte)


def _checked(name: str) -> str:
    try:
        text = dns.name.from_text(name).to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, ValueError) as error:
        raise refuse(400, "This is no name", name[:200]) from error
    if text in ("", "@", "."):
        raise refuse(400, "This is no name", name[:200])
    return text
