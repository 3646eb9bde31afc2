"""A finding in plain words: what is wrong and what to change, for the person who looks after the domain."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from domains.findings import Code, Diagnosis

Facts = dict[str, Any]


def words(diagnosis: Diagnosis) -> str:
    """One line in the language in use. Holds names and values as strangers wrote them: to be escaped like any text."""
    facts = _filled(diagnosis.facts)
    return _SENTENCES[diagnosis.code](facts) % facts


def _filled(facts: Facts) -> Facts:
    """Lists as text, and what the sentences name beside the facts: `about`, the zone or else the name."""
    texts = {name: ", ".join(value) if isinstance(value, list) else value for name, value in facts.items()}
    return texts | {"about": facts["zone"] or facts["name"]}


def _proved_by_cname(facts: Facts) -> str:
    return _("%(name)s points to us. There is nothing to change.")


def _proved_by_txt(facts: Facts) -> str:
    return _("%(name)s leads to us, and its TXT record proves that it is yours. Keep both; there is nothing to change.")


def _no_record(facts: Facts) -> str:
    if facts["missing"] == "cname":
        return _("%(name)s has no CNAME record. Add one that points to %(target)s.")
    if facts["texts"]:
        return _(
            "%(name)s leads to us, but the TXT record %(challenge_name)s does not prove that it is yours: "
            "it says “%(texts)s”. Change it to %(challenge)s."
        )
    return _(
        "%(name)s leads to us, but nothing proves that it is yours. "
        "Add a TXT record named %(challenge_name)s with the value %(challenge)s."
    )


def _no_such_name(facts: Facts) -> str:
    if "." not in facts["zone"]:
        return _("The domain of %(name)s does not exist. Check its spelling, and that the domain is registered.")
    return _(
        "There is no %(name)s yet. Add a CNAME record in the zone %(zone)s that points to %(target)s. "
        "If you have just added it, wait a few minutes."
    )


def _cname_elsewhere(facts: Facts) -> str:
    return _("%(name)s points to %(aliases)s. Change the CNAME so that it points to %(target)s and nowhere else.")


def _addresses_in_the_way(facts: Facts) -> str:
    if facts["name"] == facts["zone"]:
        return f"{_('%(name)s leads to addresses that are not ours: %(addresses)s.')} {_apex_advice(facts)}"
    return _(
        "%(name)s has address records that are not ours: %(addresses)s. "
        "Delete its A and AAAA records, then add a CNAME record that points to %(target)s. "
        "If they belong to your provider’s proxy, turn it off for this name."
    )


def _proxied(facts: Facts) -> str:
    return _(
        "%(name)s is behind a proxy (%(addresses)s), so nobody can see where it points. "
        "Turn the proxy off for this name (at Cloudflare: “DNS only”) and let its CNAME point to %(target)s."
    )


def _apex_not_flattened(facts: Facts) -> str:
    return f"{_('%(name)s is the top of its zone, where no ordinary CNAME can stand.')} {_apex_advice(facts)}"


def _apex_advice(facts: Facts) -> str:
    """What to do at the top of a zone: follow the target's addresses, or name them, and prove it by TXT."""
    if not facts["ingress"]:
        return _("Please use a name below it, such as portal.%(name)s.")
    follow = _(
        "Use your provider’s ALIAS, ANAME or flattened CNAME to %(target)s, or address records with %(ingress)s only."
    )
    if facts["has_token"]:
        return follow
    prove = _("Add a TXT record named %(challenge_name)s with the value %(challenge)s as well.")
    return f"{follow} {prove}"


def _caa_forbids(facts: Facts) -> str:
    return _(
        "%(name)s is proved, but CAA records of %(at)s keep us from getting its certificate: %(records)s. "
        "Add a CAA record at %(at)s: 0 issue “%(issuer)s”."
    )


def _dnssec_broken(facts: Facts) -> str:
    return _(
        "The DNSSEC signatures of %(about)s are not valid, so most of the internet cannot find it. "
        "Ask your DNS provider to sign it again, or take the DS record away at your registrar."
    )


def _timed_out(facts: Facts) -> str:
    if facts["why"] in ("refused", "broken"):
        return _(
            "The name servers of %(about)s answer with an error. "
            "Check at your registrar that the domain uses the name servers of your DNS provider."
        )
    return _(
        "The name servers of %(about)s did not answer in time. "
        "We ask again by ourselves; if it goes on, ask your DNS provider."
    )


def _doubled_zone(facts: Facts) -> str:
    if facts["where"] == "value":
        return _(
            "The CNAME of %(name)s points to %(doubled)s: your provider has added %(zone)s to the value. "
            "Write it with a dot at its end: %(target)s."
        )
    return _(
        "The record stands at %(doubled)s, because your provider adds %(zone)s to each name by itself. "
        "Change the record’s name to %(relative)s."
    )


def _certificate_failing(facts: Facts) -> str:
    return _("The record of %(name)s is right, but its certificate is not there: %(why)s We try again by ourselves.")


_SENTENCES: dict[Code, Callable[[Facts], str]] = {
    Code.PROVED_BY_CNAME: _proved_by_cname,
    Code.PROVED_BY_TXT: _proved_by_txt,
    Code.NO_RECORD: _no_record,
    Code.NO_SUCH_NAME: _no_such_name,
    Code.CNAME_ELSEWHERE: _cname_elsewhere,
    Code.ADDRESSES_IN_THE_WAY: _addresses_in_the_way,
    Code.PROXIED: _proxied,
    Code.APEX_NOT_FLATTENED: _apex_not_flattened,
    Code.CAA_FORBIDS: _caa_forbids,
    Code.DNSSEC_BROKEN: _dnssec_broken,
    Code.TIMED_OUT: _timed_out,
    Code.DOUBLED_ZONE: _doubled_zone,
    Code.CERTIFICATE_FAILING: _certificate_failing,
}
