"""Connections of an agency to Stripe and HMS, with their secrets sealed; the agency's own data key; tokens of clients.

A sealed column holds what vault.envelope.seal() returned. A mask is what may be shown: `sk_live_...4242`.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class DataKey(models.Model):
    """An agency's key for its secrets, itself sealed by a key from the environment."""

    agency = models.OneToOneField(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="data_key")
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"data key of {self.agency_id}"


class StripeConnection(models.Model):
    agency = models.OneToOneField(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="stripe_connection")
    publishable_key = models.CharField(max_length=255, blank=True)
    secret_key_sealed = models.BinaryField(null=True)
    secret_key_mask = models.CharField(max_length=40, blank=True)
    webhook_secret_sealed = models.BinaryField(null=True)
    webhook_secret_mask = models.CharField(max_length=40, blank=True)
    # Accepted beside the current one until the time given: Stripe signs with both while a secret is rolled.
    previous_webhook_secret_sealed = models.BinaryField(null=True)
    previous_webhook_secret_until = models.DateTimeField(null=True)
    # The endpoint that we made at Stripe; empty when the agency made it by hand.
    webhook_endpoint_id = models.CharField(max_length=64, blank=True)
    livemode = models.BooleanField(null=True)
    # Stripe's id of the account behind the key; changes only while no purchase is open.
    account_id = models.CharField(max_length=64, blank=True)
    business_name = models.CharField(max_length=200, blank=True)
    checked_at = models.DateTimeField(null=True)
    last_event_at = models.DateTimeField(null=True)
    # The proof that Stripe reaches us: a Checkout session that was made to expire, and when its signed event came.
    tested_session_id = models.CharField(max_length=255, blank=True)
    tested_at = models.DateTimeField(null=True)
    proved_at = models.DateTimeField(null=True)
    # What Stripe says of the endpoint at our address: "enabled", "disabled", "absent"; empty when it may not be read.
    endpoint_state = models.CharField(max_length=10, blank=True)
    # Events that we understand and the endpoint does not send.
    missing_events = models.JSONField(default=list)
    # The last thing that went wrong between Stripe and us, in words for the agency.
    last_failure = models.CharField(max_length=300, blank=True)
    last_failure_at = models.DateTimeField(null=True)
    # How Checkout is to behave, as Stripe has agreed to: billing.checkout.Options by name.
    checkout_options = models.JSONField(default=dict)
    # While livemode is false: what real calls on test credits may use, for all clients together, counted since then.
    # 0: no call starts.
    test_call_seconds = models.PositiveIntegerField(default=0)
    test_calls_since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Stripe of {self.agency_id}"


class HMSConnection(models.Model):
    agency = models.OneToOneField(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="hms_connection")
    api_key_sealed = models.BinaryField(null=True)
    api_key_mask = models.CharField(max_length=40, blank=True)
    # The parent organization that the key belongs to. One agency for each: the balance is its own.
    organization_id = models.CharField(max_length=64, null=True, unique=True)
    organization_name = models.CharField(max_length=200, blank=True)
    # Minutes left at HMS, kept as whole seconds, as of checked_at; and what HMS counts as used in that month, in UTC.
    seconds_left = models.BigIntegerField(null=True)
    seconds_this_month = models.BigIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)
    # The assistant of the parent organization that a new client's first one is made from; empty for none.
    template_assistant_id = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"HMS of {self.agency_id}"


class ApiToken(models.Model):
    """Lets a client's program in. The token itself is shown once and kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    # The Client in the agency's schema. No foreign key crosses schemas.
    client_id = models.UUIDField()
    name = models.CharField(max_length=80)
    # SHA-256 of the token, which is random: there is nothing to guess, so nothing has to be slow.
    token_hash = models.CharField(max_length=64, unique=True)
    mask = models.CharField(max_length=40)
    scopes = models.JSONField(default=list)
    # Who made it, as they were then: {"kind", "id", "email"}.
    created_by = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "client_id"], name="api_token_of_client")]

    def __str__(self) -> str:
        return f"{self.name} ({self.mask})"
