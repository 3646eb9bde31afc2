"""Turns the findings of a night into rows of Needs attention, and closes those that are found no more.

One night's trouble never floods the page: beyond the first of a rule, the rest are one row with their number.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from agencies import discrepancies
from agencies.models import Discrepancy
from billing import proof
from billing.reconciliation import Finding

Kind = Discrepancy.Kind
MOST_OF_A_RULE = 20
_OF_EVENTS = "I15"


def keep(findings: Sequence[Finding]) -> None:
    """Keep what differs from Stripe; what differed before and does no more is closed."""
    strays = set(discrepancies.of_kind(Kind.STRAY_PAYMENT).values_list("subject", flat=True))
    # A payment that waits for a person already is one thing, not two.
    news = [finding for finding in findings if finding.subject not in strays]
    events = [finding for finding in news if finding.rule == _OF_EVENTS]
    _keep(Kind.EVENT, [(finding.subject, finding) for finding in events])
    others = [finding for finding in news if finding.rule != _OF_EVENTS]
    _keep(Kind.STRIPE, [(f"{finding.rule} {finding.subject}", finding) for finding in others])


def keep_proof(findings: Iterable[proof.Finding]) -> None:
    """Keep what does not fit in the ledger itself."""
    named = []
    for found in findings:
        entry = "" if found.version is None else f" {found.version}"
        words = _("The ledger does not prove this balance: %(words)s.") % {"words": found.words}
        facts = {"rule": found.rule, "entry": found.version}
        told = Finding(found.rule, f"{found.client_id}{entry}", words, found.client_id, facts)
        named.append((f"{told.rule} {told.subject}", told))
    _keep(Kind.LEDGER, named)


def _keep(kind: Discrepancy.Kind, named: Sequence[tuple[str, Finding]]) -> None:
    kept: set[str] = set()
    of_rule: Counter[str] = Counter()
    for subject, finding in named:
        of_rule[finding.rule] += 1
        if of_rule[finding.rule] <= MOST_OF_A_RULE:
            discrepancies.note(
                kind=kind, subject=subject, words=finding.words, facts=finding.facts, client_id=finding.client_id
            )
            kept.add(subject)
    for rule, number in of_rule.items():
        if number > MOST_OF_A_RULE:
            words = _("%(number)s more differences of the same kind.") % {"number": number - MOST_OF_A_RULE}
            subject = f"{rule} more"
            discrepancies.note(kind=kind, subject=subject, words=words, facts={"rule": rule})
            kept.add(subject)
    for row in discrepancies.unresolved().filter(kind=kind).exclude(pk__in=discrepancies.of_purchases()):
        if row.subject not in kept:
            discrepancies.gone(kind=kind, subject=row.subject)
