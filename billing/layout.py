"""How a wallet's balance lies on its lots: pure sums over the entries that settle, in the order they were booked.

After each of these the lots hold together what the balance holds, and never less than nothing. What calls took and gave
back between two of them is laid out as one difference, so a wallet's calls are never read one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from billing.models import LedgerEntry, Lot

Kind = LedgerEntry.Kind
# Everything but calls and what corrects them.
SETTLING = tuple(kind for kind in Kind if kind not in (Kind.USAGE, Kind.USAGE_CORRECTION))
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Settling:
    """An entry that settles, with what is known about it. Seconds, signed.

    `purchase_id` is the purchase it is about; `expires_at` ends the lot that it makes; `of_version` is the entry whose
    lot it takes from first.
    """

    version: int
    amount: int
    balance_after: int
    kind: Kind
    livemode: bool
    purchase_id: UUID | None = None
    expires_at: datetime | None = None
    of_version: int | None = None

    @property
    def covered_before(self) -> int:
        """What lots held before it: a debt lies on none."""
        return max(self.balance_after - self.amount, 0)

    @property
    def covered_after(self) -> int:
        """What lots hold after it."""
        return max(self.balance_after, 0)


@dataclass(slots=True)
class Layout:
    """The lots of one wallet by the version of their entry; `changed` are those that an entry touched."""

    wallet_id: UUID
    lots: dict[int, Lot] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    # Those of them that hold something: a long history costs what is left of it.
    _open: list[Lot] = field(init=False)

    def __post_init__(self) -> None:
        self._open = [lot for lot in self.lots.values() if lot.remaining]

    def settle(self, entry: Settling) -> None:
        """Lay out what calls did before the entry, then the entry. What pays a debt is left on no lot."""
        self.reach(entry.covered_before, version=entry.version - 1)
        moved = entry.covered_after - entry.covered_before
        if entry.amount > 0:
            self._add(
                entry.version,
                entry.amount,
                moved,
                livemode=entry.livemode,
                purchase_id=entry.purchase_id,
                expires_at=entry.expires_at,
            )
        else:
            self._take(-moved, first=_own(entry))
        if entry.kind is Kind.TEST_REVERSAL:
            self._all_is_real()

    def reach(self, balance: int, *, version: int) -> None:
        """Let the lots hold `balance` seconds: take what calls used; what they gave back beyond it is a lot of its own,
        under `version`, that does not expire."""
        over = self.held() - balance
        if over > 0:
            self._take(over, first=_none)
        elif over < 0:
            self._add(version, -over, -over, livemode=True, purchase_id=None, expires_at=None)

    def held(self) -> int:
        """What is left on all lots together, in seconds."""
        return sum(lot.remaining for lot in self._open)

    def _all_is_real(self) -> None:
        """Test entries sum to nothing now: what test lots still hold, test calls took from real ones."""
        for lot in self._open:
            if not lot.livemode:
                lot.livemode = True
                self.changed.add(lot.version)

    def _add(
        self,
        version: int,
        amount: int,
        remaining: int,
        *,
        livemode: bool,
        purchase_id: UUID | None,
        expires_at: datetime | None,
    ) -> None:
        lot = Lot(
            wallet_id=self.wallet_id,
            version=version,
            amount=amount,
            remaining=remaining,
            livemode=livemode,
            purchase_id=purchase_id,
            expires_at=expires_at,
        )
        self.lots[version] = lot
        self.changed.add(version)
        if remaining:
            self._open.append(lot)

    def _take(self, seconds: int, *, first: Callable[[Lot], bool]) -> None:
        for lot in sorted(self._open, key=lambda lot: (not first(lot), *order(lot))):
            taken = min(seconds, lot.remaining)
            if taken:
                lot.remaining -= taken
                seconds -= taken
                self.changed.add(lot.version)
        self._open = [lot for lot in self._open if lot.remaining]


def order(lot: Lot) -> tuple[datetime, int]:
    """In which order lots are used: what expires first, then what came first."""
    return lot.expires_at or _LAST, lot.version


def _own(entry: Settling) -> Callable[[Lot], bool]:
    """Which lots this entry takes from before all others: those of what it takes back."""
    if entry.kind is Kind.TEST_REVERSAL:
        return lambda lot: not lot.livemode
    if entry.purchase_id is not None:
        return lambda lot: lot.purchase_id == entry.purchase_id
    return lambda lot: lot.version == entry.of_version


def _none(_lot: Lot) -> bool:
    return False
