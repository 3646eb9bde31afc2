"""Why a name does not lead to us, or that it does: one finding from real questions, with the facts it rests on.

Knows no database. The proof is a CNAME at the very name that points at the claim's own target; chains are not followed.
Where a provider flattens CNAMEs it is a TXT record with the claim's token, and addresses that are all ours.
"""

import contextlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from domains import caa, proxies
from domains.dns import Answer, Dns, Inquiry, NotValidated, upwards
from domains.exchange import NoAnswer
from domains.findings import Code, Diagnosis, certificate_failing, read
from domains.sentences import words

CHALLENGE_LABEL = "_portal-challenge"
__all__ = ["CHALLENGE_LABEL", "Code", "Diagnosis", "certificate_failing", "examine", "read", "words"]


@dataclass(frozen=True, slots=True)
class _Case:
    """What is examined, and the inquiry about it."""

    name: str
    target: str
    challenge: str
    ingress: tuple[str, ...]
    inquiry: Inquiry

    @property
    def challenge_name(self) -> str:
        return f"{CHALLENGE_LABEL}.{self.name}"

    def found(self, code: Code, **facts: Any) -> Diagnosis:
        try:
            zone = self.inquiry.zone
        except NoAnswer:
            zone = ""
        standing = {
            "name": self.name,
            "target": self.target,
            "challenge_name": self.challenge_name,
            "challenge": self.challenge,
            "ingress": list(self.ingress),
            "zone": zone,
        }
        return Diagnosis(code, standing | facts)


def examine(name: str, *, target: str, challenge: str, ingress: Collection[str], issuer: str, dns: Dns) -> Diagnosis:
    """Asks, and says what is the case.

    `name`: an A-label in lower case. `target`: what its CNAME must be. `challenge`: the token that the TXT record must
    hold instead. `ingress`: our addresses. `issuer`: the CA's name in CAA records. Raises nothing for whatever the
    network does; ValueError when `ingress` holds something else, InsideTransaction in a transaction.
    """
    ours = tuple(str(ipaddress.ip_address(one)) for one in ingress)
    case = _Case(name, target.lower().removesuffix("."), challenge, ours, dns.inquire(name))
    try:
        # First, and only to see whether signatures hold: what fails them may be forged, and no browser gets past it.
        with contextlib.suppress(NoAnswer):
            case.inquiry.in_public(name, "CNAME")
        finding = _look(case)
        return _with_caa(case, finding, issuer) if finding.is_proof else finding
    except NotValidated:
        return case.found(Code.DNSSEC_BROKEN)
    except NoAnswer as error:
        return case.found(Code.TIMED_OUT, why=str(error.why))


def _look(case: _Case) -> Diagnosis:
    own = case.inquiry.ask(case.name, "CNAME")
    if own.aliases:
        return _aliased(case, own.aliases)
    addresses = [*case.inquiry.ask(case.name, "A").records, *case.inquiry.ask(case.name, "AAAA").records]
    tokens = _tokens(case, case.challenge_name)
    strangers = [one for one in addresses if one not in case.ingress]
    if strangers:
        is_proxied = any(map(proxies.is_proxy, strangers))
        code = Code.PROXIED if is_proxied else Code.ADDRESSES_IN_THE_WAY
        return case.found(code, addresses=strangers, has_token=case.challenge in tokens)
    if addresses:
        if case.challenge in tokens:
            return case.found(Code.PROVED_BY_TXT, addresses=addresses)
        return case.found(Code.NO_RECORD, missing="txt", addresses=addresses, texts=tokens)
    return _nothing_there(case, own, tokens)


def _aliased(case: _Case, aliases: tuple[str, ...]) -> Diagnosis:
    if aliases == (case.target,):
        return case.found(Code.PROVED_BY_CNAME)
    if case.inquiry.zone and aliases == (f"{case.target}.{case.inquiry.zone}",):
        return case.found(Code.DOUBLED_ZONE, where="value", doubled=aliases[0])
    return case.found(Code.CNAME_ELSEWHERE, aliases=[one for one in aliases if one != case.target])


def _nothing_there(case: _Case, own: Answer, tokens: list[str]) -> Diagnosis:
    zone = case.inquiry.zone
    doubled = _doubled(case) if zone else ""
    if doubled:
        relative = doubled.removesuffix(f".{zone}").removesuffix(zone).removesuffix(".")
        return case.found(Code.DOUBLED_ZONE, where="name", doubled=doubled, relative=relative or "@")
    if zone == case.name:
        return case.found(Code.APEX_NOT_FLATTENED, has_token=case.challenge in tokens)
    if not own.exists:
        return case.found(Code.NO_SUCH_NAME)
    return case.found(Code.NO_RECORD, missing="cname", texts=tokens)


def _doubled(case: _Case) -> str:
    """The name under which our record stands when the zone was typed into a field that adds it by itself."""
    name, challenge_name = f"{case.name}.{case.inquiry.zone}", f"{case.challenge_name}.{case.inquiry.zone}"
    with contextlib.suppress(NoAnswer):
        if case.target in case.inquiry.ask(name, "CNAME").aliases:
            return name
    with contextlib.suppress(NoAnswer):
        if case.challenge in _tokens(case, challenge_name):
            return challenge_name
    return ""


def _tokens(case: _Case, name: str) -> list[str]:
    """The texts at the very name, without the quotation marks that some providers' forms keep."""
    answer = case.inquiry.ask(name, "TXT")
    return [] if answer.aliases else [text.strip(' "') for text in answer.records]


def _with_caa(case: _Case, proof: Diagnosis, issuer: str) -> Diagnosis:
    """The proof, unless CAA records keep the issuer away (RFC 8659: the closest name that has any decides).

    A question that gets no answer says nothing, so that an outage does not look like a ban.
    """
    for node in upwards(case.name):
        try:
            records = _caa_records(case, node)
        except (NoAnswer, NotValidated):
            return proof
        if records:
            if caa.permits(records, issuer):
                return proof
            facts = {"at": node, "records": list(records), "issuer": issuer, "proved_by": proof.proved_by}
            return Diagnosis(Code.CAA_FORBIDS, proof.facts | facts)
    return proof


def _caa_records(case: _Case, node: str) -> tuple[str, ...]:
    answer = case.inquiry.ask(node, "CAA")
    # A zone's own server stops at a CNAME; who issues certificates goes on to where it points.
    return case.inquiry.in_public(node, "CAA").records if answer.aliases else answer.records
