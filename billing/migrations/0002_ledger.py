from pathlib import Path

from django.db import migrations

UNINSTALL = """
ALTER TABLE billing_ledgerentry DROP CONSTRAINT IF EXISTS ledger_entry_amount_fits_kind;
DROP TRIGGER IF EXISTS ledger_wallets_added ON billing_wallet;
DROP TRIGGER IF EXISTS ledger_wallets_changed ON billing_wallet;
DROP TRIGGER IF EXISTS ledger_entries_added ON billing_ledgerentry;
DROP TRIGGER IF EXISTS ledger_wallets_stay ON billing_wallet;
DROP TRIGGER IF EXISTS ledger_entries_stay ON billing_ledgerentry;
DROP FUNCTION IF EXISTS ledger_wallets_added, ledger_wallets_changed, ledger_entries_added, ledger_refuse, ledger_post,
  ledger_amount_fits;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [
        migrations.RunSQL(Path(__file__).parents[1].joinpath("ledger.sql").read_text(), reverse_sql=UNINSTALL)
    ]
