"""Allocating by hand: an agency gives a client credits without a purchase, or takes some away. Once for each form.

What is taken is at most what is available: an agency cannot put a client into debt, only calls can.
"""

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from billing import credits, ledger, wallets
from billing.models import LedgerEntry, Wallet
from tenancy import schemas
from vault.models import StripeConnection

SOURCE = "agency"
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
            _refuse_debt(wallet, -seconds)
        posting = ledger.post(
            client_id=client_id,
            amount=seconds,
            kind=LedgerEntry.Kind.ALLOCATION,
            source=SOURCE,
            source_id=str(form_token),
            fact={"client": str(client_id), "seconds": seconds, "description": said},
            livemode=_is_live(),
            actor=actor,
            reason=said,
        )
    if posting.outcome is ledger.Outcome.CONFLICT:
        raise FormSentTwice("amount", _("This form was sent before, with other values. Open the page again."))
    return posting


def _check(seconds: int, description: str) -> None:
    if not description:
        raise NoDescription("description", _("Say what it is for. Your client reads it on the statement."))
    if len(description) > LONGEST_DESCRIPTION:
        raise NoDescription("description", _("Use at most %(most)s characters.") % {"most": LONGEST_DESCRIPTION})
    if seconds == 0:
        raise OutOfBounds("amount", _("Give or take some credits: 0 changes nothing."))
    if abs(seconds) > credits.to_seconds(most_credits()):
        raise OutOfBounds("amount", _("At most %(most)s credits at once.") % {"most": f"{most_credits():,}"})


def _is_booked(form_token: UUID) -> bool:
    key = {"kind": LedgerEntry.Kind.ALLOCATION, "source": SOURCE, "source_id": str(form_token)}
    return LedgerEntry.objects.filter(**key).exists()


def _refuse_debt(wallet: Wallet, wanted: int) -> None:
    if wanted > max(wallet.available, 0):
        whole, rest = credits.split(max(wallet.available, 0))
        raise MoreThanAvailable(
            "amount",
            _("Only %(whole)s credits and %(rest)s seconds can be taken away.") % {"whole": whole, "rest": rest},
        )


def _is_live() -> bool:
    """Credits given while Stripe is in test mode are test credits, as those that are bought then."""
    mode = StripeConnection.objects.filter(agency_id=schemas.current_agency_id()).values_list("livemode", flat=True)
    return mode.first() is not False
