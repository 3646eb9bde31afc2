from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    """The ledger's functions once more, as they are now: the same rules, told to PostgreSQL in fewer steps."""

    dependencies = [("billing", "0003_money")]
    operations = [
        migrations.RunSQL(
            Path(__file__).parents[1].joinpath("ledger.sql").read_text(), reverse_sql=migrations.RunSQL.noop
        )
    ]
