"""What is left of an erased agency: the ends of its chains, sums by month that are of nobody, the certificate's text.

Read from a schema by its name, because nobody enters an agency that is being erased.
"""

from typing import Any

from django.conf import settings

from audit.models import AuditHead
from domains.models import Domain
from leaving.models import Erasure
from tenancy.wire import connection

FORMAT = "erasure certificate, version 1"
_CHAINS = """
SELECT client_id::text AS wallet, version AS entries, balance AS balance_seconds, encode(digest, 'hex') AS digest
  FROM {schema}.billing_wallet ORDER BY client_id
"""
_LEDGER = """
SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, kind, livemode AS is_live, count(*) AS entries,
       sum(amount)::bigint AS seconds
  FROM {schema}.billing_ledgerentry GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_PURCHASES = """
SELECT to_char(paid_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, 'paid' AS what, currency, livemode AS is_live,
       count(*) AS number, sum(coalesce(paid_minor, price_minor))::bigint AS amount_minor,
       sum(tax_minor)::bigint AS tax_minor
  FROM {schema}.billing_purchase WHERE paid_at IS NOT NULL GROUP BY 1, 3, 4
UNION ALL
SELECT to_char(refund.created_at AT TIME ZONE 'UTC', 'YYYY-MM'), 'refunded', refund.currency, bought.livemode,
       count(*), sum(refund.amount_minor)::bigint, NULL
  FROM {schema}.billing_refund AS refund JOIN {schema}.billing_purchase AS bought ON bought.id = refund.purchase_id
 WHERE refund.state IN ('requires_action', 'pending', 'succeeded') GROUP BY 1, 3, 4
 ORDER BY 1, 2, 3, 4
"""


def chains(schema: str) -> list[dict[str, Any]]:
    """The end of each wallet's chain. A wallet is named by a random id that leads to nobody any more."""
    return _asked(_CHAINS, schema)


def ledger(schema: str) -> list[dict[str, Any]]:
    """Seconds by month (UTC), kind and mode."""
    return _asked(_LEDGER, schema)


def purchases(schema: str) -> list[dict[str, Any]]:
    """Money paid and refunded by month (UTC), currency and mode, in the smallest unit."""
    return _asked(_PURCHASES, schema)


def document(erasure: Erasure) -> dict[str, Any]:
    """What the certificate says, before it is signed."""
    head = AuditHead.objects.filter(pk=erasure.agency_id).first()
    hosts = Domain.objects.filter(tenant_id=erasure.agency_id).order_by("domain")
    return {
        "format": FORMAT,
        "issued_by": settings.PLATFORM_NAME,
        "issued_at": erasure.issued_at.isoformat() if erasure.issued_at else None,
        "agency": {"id": erasure.agency_id, "slug": erasure.slug, "company_name": erasure.company_name},
        "erasing_began_at": erasure.began_at.isoformat(),
        "erased_rows_by_table": dict(sorted(erasure.erased.items())),
        "wallets": erasure.chains,
        "kept": {
            "ledger_by_month": erasure.ledger,
            "purchases_by_month": erasure.purchases,
            "audit_log": {"entries": head.number if head else 0, "digest": head.digest if head else ""},
            "hosts_kept_from_others_for_a_while": [row.domain for row in hosts],
        },
    }


def _asked(statement: str, schema: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(schema=f'"{schema}"'))
        names = [column.name for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
