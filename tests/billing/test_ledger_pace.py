"""What a posting costs does not grow with what was booked before it, whatever the connection has planned earlier."""

from django.db import connection, transaction

from clients.models import Client
from tests.support.booking import book


def whole_tables_read() -> dict[str, int]:
    """How often a table of the ledger was read from its beginning to its end in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()"
            " AND relname IN ('billing_ledgerentry', 'billing_wallet', 'billing_conflict')"
        )
        return dict(cursor.fetchall())


def test_no_posting_reads_a_whole_table_even_when_it_was_first_made_on_an_empty_one(ben: Client) -> None:
    before = whole_tables_read()
    with transaction.atomic():
        for number in range(20):
            book(ben.pk, number)
        book(ben.pk, 1)
        book(ben.pk, 1, 61)
    assert whole_tables_read() == before
