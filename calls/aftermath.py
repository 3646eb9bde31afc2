"""What a balance that moved means for what is going on: calls that may not go on, campaigns that may again.

Everything here is found without it too, by the next look: this makes it soon.
"""

from uuid import UUID

from calls import campaign_pauses, cutting


def of_movement(client_id: UUID) -> None:
    """Money or an agency has moved the client's balance. To be called in the transaction that did."""
    cutting.wake(client_id)
    campaign_pauses.wake(client_id)
