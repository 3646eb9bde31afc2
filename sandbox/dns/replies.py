"""The answer to one question. A question that desires recursion is answered as a resolver would, any other as the name
server of the zone would; so one port plays both, and the two views can be told different things.
"""

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from sandbox.dns import zones
from sandbox.dns.faults import Fault
from sandbox.store import Store

MOST_HOPS = 16


def view_of(query: dns.message.Message) -> str:
    """'public' or 'zone': in whose place the question is answered."""
    return "public" if query.flags & dns.flags.RD else "zone"


def reply(store: Store, query: dns.message.Message, fault: Fault | None) -> dns.message.Message:
    """The whole answer to a query with one question, as a fault has it that changes what is said."""
    answer = dns.message.make_response(query, recursion_available=view_of(query) == "public")
    kind = fault.kind if fault else ""
    is_unchecked = bool(query.flags & dns.flags.CD)
    if kind in ("servfail", "refused") or (kind == "bogus" and view_of(query) == "public" and not is_unchecked):
        answer.set_rcode(dns.rcode.REFUSED if kind == "refused" else dns.rcode.SERVFAIL)
        return answer
    if kind == "nxdomain":
        answer.set_rcode(dns.rcode.NXDOMAIN)
        answer.flags |= dns.flags.AA if view_of(query) == "zone" else 0
        return answer
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    _fill(store, answer, name, dns.rdatatype.to_text(question.rdtype))
    if kind == "lame":
        answer.flags &= ~dns.flags.AA
    return answer


def _fill(store: Store, answer: dns.message.Message, name: str, kind: str) -> None:
    """Follows CNAMEs: everywhere for the public, within its zone for a zone's own server."""
    is_public = bool(answer.flags & dns.flags.RA)
    start = zones.zone_of(store, name)
    if start is None and not is_public:
        answer.set_rcode(dns.rcode.REFUSED)
        return
    answer.flags |= 0 if is_public else dns.flags.AA
    for _ in range(MOST_HOPS):
        zone = zones.zone_of(store, name)
        if zone is None or (not is_public and zone != start):
            if is_public:
                _say_no(answer, name.rpartition(".")[2], exists=False)
            return
        found = zones.look_up(store, name, zone)
        values = _values(store, found.values, kind)
        if values or not found.values.get("CNAME"):
            if values:
                _add(answer.answer, name, kind, values)
            else:
                _say_no(answer, zone, exists=found.exists)
            return
        _add(answer.answer, name, "CNAME", found.values["CNAME"])
        name = found.values["CNAME"][0].lower().rstrip(".")


def _values(store: Store, found: dict[str, list[str]], kind: str) -> list[str]:
    """Of a kind; where an ALIAS stands, the addresses of what it stands for."""
    if kind in ("A", "AAAA") and kind not in found and found.get("ALIAS"):
        return addresses(store, found["ALIAS"][0], kind)
    return found.get(kind, [])


def addresses(store: Store, name: str, kind: str) -> list[str]:
    """Where a name leads in the end; none where it leads nowhere."""
    asked = dns.message.make_query(name, kind)
    whole = reply(store, asked, None)
    return [rdata.to_text() for rrset in whole.answer if dns.rdatatype.to_text(rrset.rdtype) == kind for rdata in rrset]


def _add(section: list[dns.rrset.RRset], name: str, kind: str, values: list[str]) -> None:
    # One by one: the library would keep only the last of several CNAMEs, which a wrong zone can have.
    section.extend(made for value in values if (made := zones.rrset(name, kind, [value])) is not None)


def _say_no(answer: dns.message.Message, zone: str, *, exists: bool) -> None:
    if not exists:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    _add(answer.authority, zone, "SOA", [zones.soa(zone)])
