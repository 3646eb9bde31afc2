"""The id that a call has for good: a keyed hash of HMS's id, which may hold the caller's number.

HMS's own id is kept while HMS has to be asked about the call, and goes with the number. The ledger and late news know
the call by its hash. Calls booked before there were hashes are known by HMS's id: their entries are, and never change.
"""

from collections.abc import Callable, Iterable, Mapping

from django.db.models import Q

from calls.models import Call
from tenancy import schemas
from vault import envelope

_FIELD = "call.hms_id"
_MARK = "k1:"
_CHUNK = 1_000


def hasher() -> Callable[[str], str]:
    """What gives a call's id for good from HMS's id. In the agency's schema; costs a query, so ask once for many."""
    hashed = envelope.hasher(agency_id=schemas.current_agency_id(), field=_FIELD)
    return lambda hms_id: _MARK + hashed(hms_id)


def known(hms_ids: Iterable[str], hashed: Callable[[str], str] | None = None) -> Mapping[str, Call]:
    """The calls that HMS has these ids for, by these ids, whichever of its ids a call is known by. `hashed` is what
    `hasher` gave, for whoever asks more than once.
    """
    hashed = hashed or hasher()
    by_hash = {hashed(hms_id): hms_id for hms_id in hms_ids}
    found: dict[str, Call] = {}
    for first in range(0, len(by_hash), _CHUNK):
        some = dict(list(by_hash.items())[first : first + _CHUNK])
        for call in Call.objects.filter(Q(ledger_key__in=some) | Q(ledger_key=None, hms_id__in=some.values())):
            found[some[call.ledger_key] if call.ledger_key else call.hms_id] = call
    return found


def of_entries(ledger_ids: Iterable[str]) -> Q:
    """Finds the calls that entries of the ledger are keyed by."""
    ids = list(ledger_ids)
    return Q(ledger_key__in=ids) | Q(ledger_key=None, hms_id__in=ids)
