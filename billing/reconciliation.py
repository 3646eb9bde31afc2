"""Compares our books with Stripe's own lists, rule by rule, down to the row. Pure: nothing here asks anybody.

I10 a purchase is paid and has exactly its one entry, or neither. I11 every paid session of ours is credited, and no
entry is without one. I12 what went back took exactly its credits. I13 everything is of one mode. I14 the money is equal
to the minor unit, in every currency. A list that could not be read proves nothing, and its rules find nothing; neither
do the lists of one Stripe account say anything of what was paid in another.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from billing import clawback, returns
from billing.books import Books, Bought
from billing.models import Dispute, LedgerEntry, Purchase
from billing.returns import Returned
from billing.stripe_listed import ListedSession, Lists
from billing.stripe_shapes import DisputeState, RefundState

_CREDITED = (
    Purchase.State.PAID,
    Purchase.State.PARTLY_REFUNDED,
    Purchase.State.REFUNDED,
    Purchase.State.DISPUTED,
)
Facts = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that differs. `subject` is the row that it is about: a purchase's id, or Stripe's id."""

    rule: str
    subject: str
    words: str
    client_id: UUID | None = None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sum:
    """What came in by our books and by Stripe's, in minor units of one currency."""

    currency: str
    ours_minor: int
    theirs_minor: int


def compare(books: Books, lists: Lists, *, explained: frozenset[str] = frozenset()) -> list[Finding]:
    """Everything that differs. `explained` are ids of sessions that a person has looked at and closed."""
    return [
        *credited_once(books),
        *sessions_credited(books, lists, explained),
        *returns_taken(books),
        *returns_known(books, lists),
        *modes_equal(books, lists),
        *money_equal(books, lists, explained),
    ]


def credited_once(books: Books) -> Iterator[Finding]:
    """I10: paid, and one entry of exactly its seconds (none for what is sold without credits); or neither."""
    for one in books.bought.values():
        purchase = one.purchase
        is_credited = purchase.paid_at is not None
        if (purchase.state in _CREDITED) != is_credited:
            yield _about(
                one, "I10", _("Its state does not fit whether it was credited: %(state)s."), state=purchase.state
            )
        expected = [purchase.seconds] if is_credited and purchase.seconds else []
        booked = [entry.amount for entry in one.entries]
        if booked != expected:
            words = _("Its entries are %(booked)s s, where %(expected)s s is right.")
            yield _about(one, "I10", words, booked=sum(booked), expected=sum(expected))
        if any(entry.wallet_id != purchase.client_id for entry in one.entries):
            yield _about(one, "I10", _("It was credited to somebody else."))
    for entry in books.loose:
        if entry.kind == LedgerEntry.Kind.PURCHASE:
            yield _loose(entry, "I10", _("An entry is for no purchase."))


def sessions_credited(books: Books, lists: Lists, explained: frozenset[str]) -> Iterator[Finding]:
    """I11, both ways: a paid session of ours is what its purchase was credited for; an entry has such a session, as far
    as this account may have it."""
    if lists.sessions is None:
        return
    paid = {session.state.id: session for session in lists.sessions if session.is_paid}
    for session_id, session in paid.items():
        one = _named(books, session)
        # What cost nothing is credited or not as the agency wants it; one that waits is kept for a person.
        if one is None or session_id in explained or session.state.payment_status != "paid":
            continue
        if one.purchase.paid_at is None or one.purchase.stripe_session_id != session_id:
            yield _about(one, "I11", _("Paid at Stripe, and not credited for it here."), session)
    for one in books.bought.values():
        purchase = one.purchase
        is_in_reach = purchase.created_at >= lists.since and (purchase.paid_at or lists.asked_at) < lists.asked_at
        is_in_reach = is_in_reach and purchase.may_be_in(lists.account_id)
        if one.entries and is_in_reach and purchase.stripe_session_id not in paid:
            yield _about(one, "I11", _("Credited here, and Stripe has no paid session for it."))


def returns_taken(books: Books) -> Iterator[Finding]:
    """I12: what each refund and dispute took is booked, and together they took what the money says, never more."""
    for one in books.bought.values():
        purchase = one.purchase
        for row in one.returned:
            booked = -sum(entry.amount for entry in one.entries_of.get(row.stripe_id, ()))
            if booked != row.seconds:
                words = _("Its entries took %(booked)s s, where %(expected)s s is right.")
                yield _about_return(one, row, words, booked=booked, expected=row.seconds)
        if purchase.paid_at is None:
            continue
        returned = sum(row.returned_minor for row in one.returned if row.currency == purchase.currency)
        due = clawback.credits_to_remove(
            seconds=purchase.seconds, paid_minor=returns.paid_minor(purchase), returned_minor=returned
        )
        taken = sum(row.seconds for row in one.returned)
        if taken != due:
            words = _("For what went back %(taken)s s were taken, where %(due)s s is right.")
            yield _about(one, "I12", words, taken=taken, due=due)
    for entry in books.loose:
        if entry.kind != LedgerEntry.Kind.PURCHASE:
            yield _loose(entry, "I12", _("An entry is for no refund and no dispute."))


def returns_known(books: Books, lists: Lists) -> Iterator[Finding]:
    """I12, both ways: every refund and dispute of a credited payment is known as Stripe shows it, and no other."""
    by_payment = books.by_payment()
    for told in (lists.refunds, lists.disputes):
        for state in told or ():
            one = by_payment.get(state.payment_intent)
            if one is None:
                continue
            row = next((row for row in one.returned if row.stripe_id == state.id), None)
            if row is None or _minor(state) != row.returned_minor or state.currency != row.currency:
                words = _("Stripe gave another amount back than is known here.")
                yield _about_return(
                    one, row or state, words, ours=row.returned_minor if row else 0, theirs=_minor(state)
                )
    refunds, disputes = _ids(lists.refunds), _ids(lists.disputes)
    for one in by_payment.values():
        if not one.purchase.may_be_in(lists.account_id):
            continue
        for row in one.returned:
            shown = disputes if isinstance(row, Dispute) else refunds
            is_in_reach = lists.since <= row.created_at < lists.asked_at
            if shown is not None and is_in_reach and row.stripe_id not in shown:
                yield _about_return(one, row, _("Known here, and not at Stripe."))


def modes_equal(books: Books, lists: Lists) -> Iterator[Finding]:
    """I13: purchase, session and entry are all real money, or all test money."""
    for one in books.bought.values():
        entries = [*one.entries, *(entry for found in one.entries_of.values() for entry in found)]
        if any(entry.livemode != one.purchase.livemode for entry in entries):
            yield _about(one, "I13", _("It has an entry of the other mode."))
    for session in lists.sessions or ():
        named = _named(books, session)
        if named is None or named.purchase.stripe_session_id != session.state.id:
            continue
        if session.state.livemode != named.purchase.livemode:
            yield _about(named, "I13", _("It and its session are of two modes."), session)


def money_equal(books: Books, lists: Lists, explained: frozenset[str]) -> Iterator[Finding]:
    """I14: a purchase is worth what its session brought, and the sums of each currency are equal."""
    for session in lists.sessions or ():
        one = _named(books, session)
        if one is None or one.purchase.paid_at is None or one.purchase.stripe_session_id != session.state.id:
            continue
        if (_paid(one.purchase), one.purchase.currency) != (session.paid_minor, session.state.currency):
            yield _about(one, "I14", _("It counts for another amount here than Stripe was paid."), session)
    for each in sums(books, lists, explained=explained):
        if each.ours_minor != each.theirs_minor:
            facts: Facts = {
                "ours_minor": each.ours_minor,
                "theirs_minor": each.theirs_minor,
                "currency": each.currency,
                "livemode": lists.livemode,
            }
            yield Finding(
                "I14",
                f"sum {each.currency}",
                _("What came in sums up to another amount here than at Stripe."),
                facts=facts,
            )


def sums(books: Books, lists: Lists, *, explained: frozenset[str] = frozenset()) -> list[Sum]:
    """What came in since the lists begin, by currency: our credited purchases beside Stripe's paid sessions of ours.

    What was paid in another account than the one that is listed counts on neither side.
    """
    if lists.sessions is None:
        return []
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    listed = set()
    for session in lists.sessions:
        if session.is_paid and session.state.id not in explained and _named(books, session) is not None:
            theirs[session.state.currency] += session.paid_minor
            listed.add(session.state.id)
    for one in books.bought.values():
        purchase = one.purchase
        if purchase.paid_at is None or purchase.paid_at >= lists.asked_at:
            continue
        is_in_reach = purchase.created_at >= lists.since and purchase.may_be_in(lists.account_id)
        if is_in_reach or purchase.stripe_session_id in listed:
            ours[purchase.currency] += _paid(purchase)
    return [Sum(currency, ours[currency], theirs[currency]) for currency in sorted({*ours, *theirs})]


def _named(books: Books, session: ListedSession) -> Bought | None:
    purchase_id = session.state.purchase_id
    return books.bought.get(purchase_id) if purchase_id and session.state.mode == "payment" else None


def _paid(purchase: Purchase) -> int:
    return returns.paid_minor(purchase)


def _minor(state: RefundState | DisputeState) -> int:
    """Money that is not with the agency any more because of it."""
    if isinstance(state, RefundState):
        return 0 if state.status in ("failed", "canceled") else state.amount_minor
    return max(state.withdrawn_minor - state.reinstated_minor, 0)


def _ids(states: Sequence[RefundState] | Sequence[DisputeState] | None) -> set[str] | None:
    return None if states is None else {state.id for state in states}


def _about(one: Bought, rule: str, words: str, session: ListedSession | None = None, **figures: int | str) -> Finding:
    purchase = one.purchase
    facts: dict[str, str | int | bool | None] = {
        "rule": rule,
        "purchase": str(purchase.pk),
        "session": session.state.id if session else purchase.stripe_session_id or "",
        "payment_intent": (session.state.payment_intent if session else "") or purchase.stripe_payment_intent_id,
        "ours_minor": _paid(purchase) if purchase.paid_at else 0,
        "theirs_minor": session.paid_minor if session else None,
        "currency": purchase.currency,
        "livemode": purchase.livemode,
    }
    subject = session.state.id if session else str(purchase.pk)
    return Finding(rule, subject, f"{purchase.package_name}: {words % figures}", purchase.client_id, facts)


def _about_return(one: Bought, row: Returned | RefundState | DisputeState, words: str, **figures: int) -> Finding:
    is_dispute = isinstance(row, Dispute | DisputeState)
    stripe_id = row.id if isinstance(row, RefundState | DisputeState) else row.stripe_id
    facts: Facts = {
        "rule": "I12",
        "source_id": stripe_id,
        "purchase": str(one.purchase.pk),
        "payment_intent": one.purchase.stripe_payment_intent_id,
        "amount_minor": row.amount_minor,
        **{f"{name}_minor": minor for name, minor in figures.items() if name in ("ours", "theirs")},
        "currency": row.currency,
        "livemode": one.purchase.livemode,
    }
    which = _("A dispute.") if is_dispute else _("A refund.")
    return Finding("I12", stripe_id, f"{which} {words % figures}", one.purchase.client_id, facts)


def _loose(entry: LedgerEntry, rule: str, words: str) -> Finding:
    facts: Facts = {
        "rule": rule,
        "kind": entry.kind,
        "entry": entry.version,
        "source_id": entry.source_id,
        "seconds": entry.amount,
    }
    return Finding(rule, f"{entry.wallet_id} {entry.version}", words, entry.wallet_id, facts)
