"""What clients have paid, less what went back to them: minor units in each currency. Reads only, three queries."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Greatest

from billing.models import Dispute, Purchase, Refund

Paid = dict[str, int]
_GONE = (Refund.State.REQUIRES_ACTION, Refund.State.PENDING, Refund.State.SUCCEEDED)


def by_client(client_ids: Collection[UUID], *, livemode: bool) -> dict[UUID, Paid]:
    """Minor units by currency for each of these clients that ever paid, in real money or (`livemode` false) in tests.

    What a refund or a dispute has taken counts as gone from the moment it is gone from the agency.
    """
    sums: defaultdict[UUID, Paid] = defaultdict(dict)
    bought = Purchase.objects.filter(client__in=client_ids, livemode=livemode, paid_at__isnull=False)
    paid = bought.values_list("client_id", "currency").annotate(minor=Sum(Coalesce("paid_minor", "price_minor")))
    for client_id, currency, minor in paid:
        sums[client_id][currency] = minor
    theirs = {"purchase__in": bought, "currency": F("purchase__currency")}
    refunded = Refund.objects.filter(**theirs, state__in=_GONE).values_list("purchase__client_id", "currency")
    disputed = Dispute.objects.filter(**theirs).values_list("purchase__client_id", "currency")
    withdrawn = Greatest(F("withdrawn_minor") - F("reinstated_minor"), 0)
    for back in (refunded.annotate(minor=Sum("amount_minor")), disputed.annotate(minor=Sum(withdrawn))):
        for client_id, currency, minor in back:
            sums[client_id][currency] -= minor
    return dict(sums)
