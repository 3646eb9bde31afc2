"""Allocating by hand: an agency gives a client credits without a purchase, or takes some away. Once for each form.

What is taken is at most what is available: an agency cannot put a client into debt, only calls can. What was given can
be undone, once, by an entry that points at it.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from agencies import low_balances
from billing import credits, ledger, wallets
from billing.models import LedgerEntry, Wallet
from calls import aftermath
from tenancy import schemas
from vault.models import StripeConnection

SOURCE = "agency"
UNDONE_BY = "ledger"
UNDOABLE = (LedgerEntry.Kind.ALLOCATION, LedgerEntry.Kind.WELCOME)
LONGEST_DESCRIPTION = 200


class AllocationRefused(ValueError):
    """The allocation cannot be made. `field` is the form's field it is about; the message is for who filled it in."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class NoDescription(AllocationRefused):
    """The client reads on the statement why this happened: it has to be said."""


class OutOfBounds(AllocationRefused):
    """Nothing at all, or more than an allocation may be."""


class MoreThanAvailable(AllocationRefused):
    """More would be taken away than the client has free."""


class FormSentTwice(AllocationRefused):
    """The same form came back with another amount or description."""


class NotGivenByHand(AllocationRefused):
    """Only credits that were given or taken by hand, and welcome credits, can be undone."""


class GoneWithTestCredits(AllocationRefused):
    """The entry moved test credits, and these were removed when the portal went live."""


def most_credits() -> int:
    """The largest allocation that the operator of the platform allows, in credits."""
    return int(settings.ALLOCATION_MAX_CREDITS)


def allocate(
    *, client_id: UUID, seconds: int, description: str, form_token: UUID, actor: Mapping[str, str]
) -> ledger.Posting:
    """Give the client `seconds`, or take them away when negative; effective at once.

    The same form again gives the same posting. Raises NoDescription, OutOfBounds, MoreThanAvailable, FormSentTwice,
    and ledger.NoSuchClient. To be called in the agency's schema.
    """
    said = " ".join(description.split())
    _check(seconds, said)
    with transaction.atomic():
        wallet = wallets.lock(client_id)
        if seconds < 0 and not _is_booked(form_token):
            _refuse_debt("amount", wallet, -seconds)
        posting = ledger.post(
            client_id=client_id,
            amount=seconds,
            kind=LedgerEntry.Kind.ALLOCATION,
            source=SOURCE,
            source_id=str(form_token),
            fact={"client": str(client_id), "seconds": seconds, "description": said},
            livemode=is_live(),
            actor=actor,
            reason=said,
        )
        aftermath.of_movement(client_id)
        low_balances.look_soon()
    if posting.outcome is ledger.Outcome.CONFLICT:
        raise FormSentTwice("amount", _("This form was sent before, with other values. Open the page again."))
    return posting


def undo(*, client_id: UUID, version: int, reason: str, actor: Mapping[str, str]) -> ledger.Posting:
    """Take back what the client's entry of this version did, by one more entry; the same entry again is a replay.

    `reason` may be empty. Raises LedgerEntry.DoesNotExist, NotGivenByHand, MoreThanAvailable, GoneWithTestCredits, and
    NoDescription for a reason that is too long. To be called in the agency's schema.
    """
    said = " ".join(reason.split())
    _check_length("reason", said)
    with transaction.atomic():
        wallet = wallets.lock(client_id)
        entry = ledger.entry(client_id, version)
        if entry.kind not in UNDOABLE:
            raise NotGivenByHand("", _("Only credits that were given or taken by hand can be undone."))
        if version not in undone(client_id, [version]):
            _refuse_what_went_live(entry)
            _refuse_debt("", wallet, entry.amount)
        posting = ledger.post(
            client_id=client_id,
            amount=-entry.amount,
            kind=LedgerEntry.Kind.REVERSAL,
            source=UNDONE_BY,
            source_id=_undoing_key(client_id, version),
            fact={"kind": entry.kind, "source": entry.source, "source_id": entry.source_id, "seconds": entry.amount},
            livemode=entry.livemode,
            actor=actor,
            reason=said,
        )
        aftermath.of_movement(client_id)
        low_balances.look_soon()
    return posting


def undone(client_id: UUID, versions: Iterable[int]) -> set[int]:
    """Which of the client's entries of these versions are undone."""
    keys = {_undoing_key(client_id, version): version for version in versions}
    entries = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.REVERSAL, source=UNDONE_BY, source_id__in=keys)
    return {keys[key] for key in entries.values_list("source_id", flat=True)}


def is_live() -> bool:
    """Whether credits given now are real. While Stripe is in test mode they are test credits, as those bought then."""
    mode = StripeConnection.objects.filter(agency_id=schemas.current_agency_id()).values_list("livemode", flat=True)
    return mode.first() is not False


def _undoing_key(client_id: UUID, version: int) -> str:
    return f"{client_id}/{version}"


def _refuse_what_went_live(entry: LedgerEntry) -> None:
    later = LedgerEntry.objects.filter(wallet_id=entry.wallet_id, version__gt=entry.version)
    if not entry.livemode and later.filter(kind=LedgerEntry.Kind.TEST_REVERSAL).exists():
        raise GoneWithTestCredits("", _("These were test credits. They were removed when you went live."))


def _check(seconds: int, description: str) -> None:
    if not description:
        raise NoDescription("description", _("Say what it is for. Your client reads it on the statement."))
    _check_length("description", description)
    if seconds == 0:
        raise OutOfBounds("amount", _("Give or take some credits: 0 changes nothing."))
    if abs(seconds) > credits.to_seconds(most_credits()):
        raise OutOfBounds("amount", _("At most %(most)s credits at once.") % {"most": f"{most_credits():,}"})


def _check_length(field: str, text: str) -> None:
    if len(text) > LONGEST_DESCRIPTION:
        raise NoDescription(field, _("Use at most %(most)s characters.") % {"most": LONGEST_DESCRIPTION})


def _is_booked(form_token: UUID) -> bool:
    key = {"kind": LedgerEntry.Kind.ALLOCATION, "source": SOURCE, "source_id": str(form_token)}
    return LedgerEntry.objects.filter(**key).exists()


def _refuse_debt(field: str, wallet: Wallet, wanted: int) -> None:
    """Refuse to take `wanted` seconds when that is more than is free; nothing or less than nothing takes none."""
    if wanted > max(wallet.available, 0):
        whole, rest = credits.split(max(wallet.available, 0))
        raise MoreThanAvailable(
            field,
            _("Only %(whole)s credits and %(rest)s seconds can be taken away.") % {"whole": whole, "rest": rest},
        )
