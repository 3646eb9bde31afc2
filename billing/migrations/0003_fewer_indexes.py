from django.db import migrations

# Django makes them so that texts can be searched by how they begin. Nobody does that with Stripe's ids, and each index
# costs every agency.
UNUSED = (
    "billing_purchase_stripe_session_id_b7f5f6ed_like",
    "billing_purchase_stripe_payment_intent_id_489c6ea7_like",
    "billing_dispute_stripe_dispute_id_1ed59279_like",
    "billing_refund_stripe_refund_id_674bc053_like",
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_ledger")]
    operations = [migrations.RunSQL(f"DROP INDEX IF EXISTS {name};", migrations.RunSQL.noop) for name in UNUSED]
