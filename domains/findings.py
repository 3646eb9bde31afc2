"""What an examination of a name can find: a code, and the facts it rests on. Made to be kept as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    PROVED_BY_CNAME = "proved_by_cname"
    PROVED_BY_TXT = "proved_by_txt"
    NO_RECORD = "no_record"
    NO_SUCH_NAME = "no_such_name"
    CNAME_ELSEWHERE = "cname_elsewhere"
    ADDRESSES_IN_THE_WAY = "addresses_in_the_way"
    PROXIED = "proxied"
    APEX_NOT_FLATTENED = "apex_not_flattened"
    CAA_FORBIDS = "caa_forbids"
    DNSSEC_BROKEN = "dnssec_broken"
    TIMED_OUT = "timed_out"
    DOUBLED_ZONE = "doubled_zone"
    CERTIFICATE_FAILING = "certificate_failing"


_PROOFS = {Code.PROVED_BY_CNAME: "cname", Code.PROVED_BY_TXT: "txt"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A finding. `facts` are texts, truths and lists of texts, in printable ASCII where a stranger wrote them.

    Always among them: name, target, challenge_name, challenge, ingress, zone (empty when nobody can say).
    """

    code: Code
    facts: dict[str, Any]

    @property
    def proved_by(self) -> str:
        """'cname', 'txt' or ''. A name can be proved and still have trouble: a CAA record, a failing certificate."""
        return _PROOFS.get(self.code, "") or str(self.facts.get("proved_by", ""))

    @property
    def is_proof(self) -> bool:
        return bool(self.proved_by)

    def finding(self) -> dict[str, Any]:
        """As JSON; `read` gives the diagnosis back."""
        return {"code": str(self.code), "facts": self.facts}


def read(finding: Mapping[str, Any]) -> Diagnosis:
    """The diagnosis that `finding()` was made of. Raises ValueError for an unknown code, KeyError for another shape."""
    return Diagnosis(Code(finding["code"]), dict(finding["facts"]))


def certificate_failing(proof: Diagnosis, *, why: str) -> Diagnosis:
    """The finding when the records are right and the certificate is not there; `why` is one sentence for people."""
    return Diagnosis(Code.CERTIFICATE_FAILING, proof.facts | {"proved_by": proof.proved_by, "why": why[:500]})
