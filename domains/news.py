"""What the owners of an agency are told about its domain. Asked for in the transaction that makes it so."""

from domains.models import Domain
from follow_ups import agenda

KIND = "domain_news"
PROVED = "proved"
BEATEN = "beaten"
FAILING = "failing"
LOST = "lost"


def tell(domain: Domain, what: str) -> None:
    """Have the owners told; `what` is one of the four words above. To be called inside the transaction."""
    agenda.schedule(kind=KIND, subject=f"{domain.pk}:{what}", agency_id=domain.tenant_id)
