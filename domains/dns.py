"""Questions to the domain name system: to a zone's own name servers, and to the public view of resolvers.

An inquiry is about one name. It is bounded as a whole: in time, in questions, in name servers and in hops. It gives an
Answer, or raises NoAnswer or NotValidated, and nothing else.
"""

import ipaddress
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
from django.conf import settings

from domains import exchange
from domains.exchange import NoAnswer, Why
from tenancy import network

Kind = Literal["A", "AAAA", "CNAME", "TXT", "CAA"]
Server = tuple[str, int]
LIFETIME_SECONDS = 5.0
MOST_HOPS = 8
MOST_QUESTIONS = 60
MOST_NAME_SERVERS = 4
MOST_RECORDS = 16
MOST_CHARACTERS = 255
# One silent server may cost a part of the time, not all of it.
_TRIES = 4
_UDP_PAYLOAD_BYTES = 1_232


class NotValidated(Exception):
    """The public view refuses to answer, and answers when it is told not to check signatures."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about one name and kind.

    `exists`: the name is there, whatever its kinds. `aliases`: where the CNAME at the very name points. `records`:
    those of the kind asked for, at the name or where its chain of at most eight CNAMEs ends; CAA as "flags tag value".
    Names are in lower case without the last dot; what cannot be printed is escaped.
    """

    exists: bool
    aliases: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dns:
    """Who is asked, and within which bounds.

    `public`: resolvers, asked in turn. `authoritative_port`: where the name servers of zones listen. `lifetime`:
    seconds for a whole inquiry. `may_ask_private`: also ask name servers at private or loopback addresses.
    """

    public: tuple[Server, ...]
    authoritative_port: int = 53
    lifetime: float = LIFETIME_SECONDS
    may_ask_private: bool = False

    def inquire(self, name: str) -> "Inquiry":
        """Begins an inquiry about a name; its time runs from now. Raises InsideTransaction."""
        network.refuse_inside_transaction()
        return Inquiry(self, name)


def from_settings() -> Dns:
    """As DNS_SERVERS, DNS_AUTHORITATIVE_PORT and DNS_MAY_ASK_PRIVATE say; without servers, the system's."""
    return Dns(
        public=tuple(map(_server, settings.DNS_SERVERS)) or _of_the_system(),
        authoritative_port=settings.DNS_AUTHORITATIVE_PORT,
        may_ask_private=settings.DNS_MAY_ASK_PRIVATE,
    )


def _server(text: str) -> Server:
    """`192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`. Raises ValueError."""
    parts = re.fullmatch(r"\[(.+)\](?::(\d{1,5}))?", text) or re.fullmatch(r"([^:]+):(\d{1,5})", text)
    address, port = parts.groups() if parts else (text, None)
    return str(ipaddress.ip_address(address)), int(port or 53)


def _of_the_system() -> tuple[Server, ...]:
    try:
        found = dns.resolver.Resolver().nameservers
    except dns.exception.DNSException:
        # None configured: every question ends as NoAnswer, which says so where somebody looks.
        return ()
    return tuple((str(address), 53) for address in found)


class Inquiry:
    """All questions about one name. `ask` prefers the zone's own servers, because nothing old is kept there."""

    def __init__(self, dns_: Dns, name: str) -> None:
        self._dns = dns_
        self._name = name
        self._until = time.monotonic() + dns_.lifetime
        self._left = MOST_QUESTIONS
        self._silent: set[Server] = set()
        self._zone: str | None = None
        self._zone_servers: tuple[Server, ...] | None = None

    @property
    def zone(self) -> str:
        """The zone that the name lies in; empty when nobody can say."""
        if self._zone is None:
            self._zone = self._find_zone()
        return self._zone

    def ask(self, name: str, kind: Kind) -> Answer:
        """From the zone's own servers, or the public view if they cannot be asked. Raises NoAnswer, NotValidated."""
        try:
            return self.at_zone(name, kind)
        except NoAnswer:
            return self.in_public(name, kind)

    def at_zone(self, name: str, kind: Kind) -> Answer:
        """What the name servers of the inquiry's zone say themselves. Raises NoAnswer."""
        asked = _parsed(name)
        if not self.zone or not asked.is_subdomain(_parsed(self.zone)):
            raise NoAnswer(Why.REFUSED)
        query = _query(asked, kind, flags=0)
        last = NoAnswer(Why.SILENT)
        for server in self._servers_of_zone():
            if server in self._silent:
                # The public view is left, and needs what time there is.
                continue
            try:
                reply = self._exchange(query, server)
            except NoAnswer as error:
                last = error
                continue
            if reply.flags & dns.flags.AA and reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return _answer(reply, asked, kind)
            last = NoAnswer(_why(reply))
        raise last

    def in_public(self, name: str, kind: Kind) -> Answer:
        """What resolvers say. Raises NoAnswer, and NotValidated where only the signatures are in the way."""
        asked = _parsed(name)
        return _answer(self._resolve(asked, kind), asked, kind)

    def _find_zone(self) -> str:
        asked = _parsed(self._name)
        for node in _upwards(asked):
            try:
                reply = self._resolve(node, "SOA", unchecked=True)
            except NoAnswer:
                return ""
            for rrset in [*reply.answer, *reply.authority]:
                is_above = asked.is_subdomain(rrset.name) and rrset.name != dns.name.root
                if rrset.rdtype == dns.rdatatype.SOA and is_above:
                    return _text(rrset.name)
        return ""

    def _servers_of_zone(self) -> tuple[Server, ...]:
        if self._zone_servers is None:
            # Set first: if finding them fails it is not tried again for every question.
            self._zone_servers = ()
            zone = _parsed(self.zone)
            hosts = _records(self._resolve(zone, "NS", unchecked=True), zone, "NS")[:MOST_NAME_SERVERS]
            found = [address for host in hosts for address in self._addresses(host)]
            self._zone_servers = tuple((address, self._dns.authoritative_port) for address in found[:MOST_NAME_SERVERS])
        return self._zone_servers

    def _addresses(self, host: str) -> list[str]:
        """Where a name server is; none for one that may not be asked."""
        for kind in ("A", "AAAA"):
            try:
                asked = _parsed(host)
                found = _records(self._resolve(asked, kind, unchecked=True), asked, kind)
            except NoAnswer:
                continue
            if found:
                return [one for one in found if self._dns.may_ask_private or is_public(one)][:MOST_NAME_SERVERS]
        return []

    def _resolve(self, asked: dns.name.Name, kind: str, *, unchecked: bool = False) -> dns.message.Message:
        last = NoAnswer(Why.SILENT)
        for server in self._awake_resolvers():
            try:
                reply = self._exchange(_query(asked, kind, flags=_resolver_flags(unchecked)), server)
                if reply.rcode() == dns.rcode.SERVFAIL and not unchecked:
                    again = self._exchange(_query(asked, kind, flags=_resolver_flags(True)), server)
                    if again.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                        raise NotValidated(_text(asked))
            except NoAnswer as error:
                last = error
                continue
            if reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return reply
            last = NoAnswer(_why(reply))
        raise last

    def _exchange(self, query: dns.message.Message, server: Server) -> dns.message.Message:
        if self._left <= 0:
            raise NoAnswer(Why.SILENT)
        self._left -= 1
        until = min(self._until, time.monotonic() + self._dns.lifetime / _TRIES)
        try:
            return exchange.ask(query, address=server[0], port=server[1], until=until)
        except NoAnswer as error:
            if error.why is Why.SILENT:
                self._silent.add(server)
            raise

    def _awake_resolvers(self) -> tuple[Server, ...]:
        """Those that were not silent before in this inquiry; all, when all were."""
        return tuple(one for one in self._dns.public if one not in self._silent) or self._dns.public


def is_public(address: str) -> bool:
    """The address is one of the open internet, also behind a spelling of IPv4 inside IPv6."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast


def _query(asked: dns.name.Name, kind: str, *, flags: int) -> dns.message.Message:
    return dns.message.make_query(asked, kind, use_edns=0, payload=_UDP_PAYLOAD_BYTES, flags=flags)


def _resolver_flags(unchecked: bool) -> int:
    return dns.flags.RD | (dns.flags.CD if unchecked else 0)


def _why(reply: dns.message.Message) -> Why:
    return Why.BROKEN if reply.rcode() == dns.rcode.SERVFAIL else Why.REFUSED


def _parsed(name: str) -> dns.name.Name:
    try:
        parsed = dns.name.from_text(name)
    except (dns.exception.DNSException, ValueError) as error:
        raise NoAnswer(Why.UNREADABLE) from error
    if parsed == dns.name.root:
        raise NoAnswer(Why.UNREADABLE)
    return parsed


def _upwards(name: dns.name.Name) -> Iterator[dns.name.Name]:
    """The name and what stands above it, at most eight in all, without the root."""
    for _ in range(MOST_HOPS):
        if name == dns.name.root:
            return
        yield name
        name = name.parent()


def upwards(name: str) -> list[str]:
    """The name and its parents, at most eight in all."""
    return [_text(node) for node in _upwards(_parsed(name))]


def _answer(reply: dns.message.Message, asked: dns.name.Name, kind: str) -> Answer:
    aliases = _at(reply, asked, "CNAME")
    exists = reply.rcode() != dns.rcode.NXDOMAIN or bool(aliases)
    return Answer(exists, aliases, aliases if kind == "CNAME" else _records(reply, asked, kind))


def _records(reply: dns.message.Message, asked: dns.name.Name, kind: str) -> tuple[str, ...]:
    """The records of a kind at the name, or at the end of the CNAMEs that the answer itself follows."""
    for _ in range(MOST_HOPS + 1):
        found = _at(reply, asked, kind)
        onwards = () if found else _at(reply, asked, "CNAME")
        if not onwards:
            return found
        asked = _parsed(onwards[0])
    return ()


def _at(reply: dns.message.Message, owner: dns.name.Name, kind: str) -> tuple[str, ...]:
    wanted = (owner, dns.rdataclass.IN, dns.rdatatype.from_text(kind))
    rrsets = [rrset for rrset in reply.answer if (rrset.name, rrset.rdclass, rrset.rdtype) == wanted]
    return tuple(dict.fromkeys(_shown(rdata) for rrset in rrsets for rdata in rrset))[:MOST_RECORDS]


def _shown(rdata: dns.rdata.Rdata) -> str:
    kind = dns.rdatatype.to_text(rdata.rdtype)
    if kind in ("CNAME", "NS"):
        return _text(rdata.target)  # type: ignore[attr-defined]
    if kind == "TXT":
        return _escaped(b"".join(rdata.strings))  # type: ignore[attr-defined]
    if kind == "CAA":
        return f"{rdata.flags} {_escaped(rdata.tag)} {_escaped(rdata.value)}"  # type: ignore[attr-defined]
    return str(ipaddress.ip_address(rdata.address))  # type: ignore[attr-defined]


def _escaped(raw: bytes) -> str:
    return "".join(chr(one) if 32 <= one < 127 else f"\\{one:03d}" for one in raw[:MOST_CHARACTERS])


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
