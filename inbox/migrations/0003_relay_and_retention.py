import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0002_money"),
        ("inbox", "0002_money"),
    ]

    operations = [
        migrations.AddField(
            model_name="hmsendpoint",
            name="target_events",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="hmsendpoint",
            name="target_secret_mask",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="hmsendpoint",
            name="target_secret_sealed",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="hmsendpoint",
            name="target_url",
            field=models.CharField(blank=True, db_default="", max_length=2000),
        ),
        migrations.AddIndex(
            model_name="hmsevent",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["received_at"], name="hms_event_age"
            ),
        ),
        migrations.AddIndex(
            model_name="stripeevent",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["received_at"], name="stripe_event_age"
            ),
        ),
    ]
