"""StripeEvent, HmsEndpoint and HmsEvent: what outsiders told us, kept before anything is done about it."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EventState(models.TextChoices):
    RECEIVED = "received", _("Received")
    APPLIED = "applied", _("Applied")
    # Understood, and nothing to do: another type, another mode, a purchase that is not ours.
    IGNORED = "ignored", _("Ignored")
    # Could not be applied and will be tried again; `error` says why.
    FAILED = "failed", _("Failed")


class StripeEvent(models.Model):
    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="stripe_events")
    # Unique for one agency only: an id forged by another agency suppresses nothing.
    event_id = models.CharField(max_length=255)
    type = models.CharField(max_length=120)
    livemode = models.BooleanField()
    api_version = models.CharField(max_length=40, blank=True)
    # When it happened, by Stripe's clock.
    event_at = models.DateTimeField()
    # The body as it was signed, or as Stripe's list of events shows it.
    payload = models.BinaryField()
    # Found in Stripe's list by the sweep: no webhook had told us.
    is_pulled = models.BooleanField(default=False, db_default=False)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=EventState, default=EventState.RECEIVED)
    # Why it was ignored, or why the last try failed. Never a secret, never the body.
    note = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "event_id"], name="stripe_event_once_per_agency")]
        indexes = [
            models.Index(fields=["agency", "-received_at"], name="stripe_event_latest"),
            # Few at any time, and counted on the agency's first page.
            models.Index(
                fields=["agency"], condition=models.Q(state__in=["received", "failed"]), name="stripe_event_open"
            ),
            # Old payloads go by their time. Rows lie in that order: a few blocks' bounds cost the inbox nothing.
            BrinIndex(fields=["received_at"], autosummarize=True, name="stripe_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class HmsEndpoint(models.Model):
    """Where HMS reports the calls of one client's organization. Its payloads name no organization; the address does."""

    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="hms_endpoints")
    # The Organization in the agency's schema. No foreign key crosses schemas.
    organization_id = models.UUIDField(default=uuid.uuid4, unique=True)
    # SHA-256 of the token in the address, so that the table does not give the address away.
    token_hash = models.CharField(max_length=64, unique=True)
    token_sealed = models.BinaryField()
    secret_sealed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_event_at = models.DateTimeField(null=True)
    # Where the client wants to hear of them as well: "" for nowhere.
    target_url = models.CharField(max_length=2_000, blank=True, db_default="")
    target_secret_sealed = models.BinaryField(null=True)
    target_secret_mask = models.CharField(max_length=40, blank=True, db_default="")
    target_events = models.JSONField(default=list, db_default=[])

    def __str__(self) -> str:
        return f"HMS endpoint of {self.organization_id}"


class HmsEvent(models.Model):
    """A report of HMS: a hint to look, never a number to book."""

    # Without an index of its own: the two below begin with it.
    endpoint = models.ForeignKey(HmsEndpoint, on_delete=models.CASCADE, related_name="events", db_index=False)
    type = models.CharField(max_length=60)
    call_id = models.CharField(max_length=255, blank=True)
    call_status = models.CharField(max_length=60, blank=True)
    # SHA-256 of the signed body: HMS numbers no deliveries, so a repeated body is the same report.
    body_hash = models.CharField(max_length=64)
    received_at = models.DateTimeField(default=timezone.now)
    deliveries = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "body_hash"], name="hms_event_once_per_body")]
        # Old rows go by their time. They lie in that order, so an index of some blocks' bounds is enough.
        indexes = [
            BrinIndex(fields=["received_at"], autosummarize=True, name="hms_event_age"),
            # What an organization was told lately is asked at each look at its calls.
            models.Index(fields=["endpoint", "received_at"], name="hms_event_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.call_id}"
