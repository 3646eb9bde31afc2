"""Which calls are an assistant's in privacy mode (`gdpr_mode`): of these no number is kept.

An assistant that HMS does not list any more may have been one: its calls are kept as such a one's.
"""

from collections.abc import Iterable

from calls import identity
from hms_client import Call as HmsCall
from organizations import assistants
from organizations.models import Organization


def of_new(organization: Organization, told: Iterable[HmsCall]) -> frozenset[str]:
    """HMS's ids of the private ones among calls that are not known here yet. Asks HMS when there is a new one.

    Raises hms.NoKey or an hms_client.HMSError.
    """
    by_assistant = {call.id: call.assistant_id for call in told}
    fresh = by_assistant.keys() - identity.known(by_assistant).keys()
    asked = {hms_id: by for hms_id in fresh if (by := by_assistant[hms_id])}
    if not asked:
        return frozenset()
    private = assistants.modes(organization, set(asked.values()))
    return frozenset(hms_id for hms_id, assistant_id in asked.items() if private.get(assistant_id, True))
