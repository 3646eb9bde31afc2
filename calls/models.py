"""Call and Hold: what HMS measured and what was billed for it, and what a running call has set aside."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organizations.models import Organization


class Call(models.Model):
    """One call of a client's organization, as HMS last told it."""

    class Rounding(models.TextChoices):
        SECOND = "1", _("per second")
        SIX_SECONDS = "6", _("per 6 seconds")
        HALF_MINUTE = "30", _("per 30 seconds")
        MINUTE = "60", _("per started minute")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="calls", db_index=False)
    # HMS's own id; may hold the caller's number, so it stands in no address and no log, and goes when the number goes:
    # then it is the same as ledger_key.
    hms_id = models.CharField(max_length=255)
    # The call's id for good, a hash: by it alone the ledger knows a call. Unique for the whole agency. Null: the call
    # was booked under hms_id, before there were hashes.
    ledger_key = models.CharField(max_length=80, null=True)
    # Its assistant was in privacy mode when the call was first seen, or may have been: no number of it is kept.
    is_private = models.BooleanField(default=False)
    # HMS's word: an open set.
    status = models.CharField(max_length=40)
    direction = models.CharField(max_length=10, blank=True)
    # The number of the person, whoever called.
    customer_number = models.CharField(max_length=40, blank=True)
    own_number = models.CharField(max_length=40, blank=True)
    assistant_name = models.CharField(max_length=200, blank=True)
    end_reason = models.CharField(max_length=120, blank=True)
    # When HMS made it; when it was answered; when it ended.
    placed_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Null until HMS has said how long it was; grows or shrinks when HMS corrects itself.
    measured_seconds = models.PositiveIntegerField(null=True)
    # What the ledger took: measured, rounded up by `rounding`. Always minus the sum of this call's entries.
    billed_seconds = models.PositiveIntegerField(null=True)
    # Frozen when the call is first booked.
    rounding = models.CharField(max_length=2, choices=Rounding, default=Rounding.SECOND)
    cost_micro_per_minute = models.PositiveIntegerField(null=True)
    # How often HMS corrected the measured time after it was booked.
    corrections = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField(default=timezone.now)
    # When HMS was asked for what this row says: an older answer never replaces a newer one.
    asked_at = models.DateTimeField(default=timezone.now)
    # When the call was over and its time known, or it was known to cost nothing.
    booked_at = models.DateTimeField(null=True)
    # When HMS was last asked to end it because it may not go on, and why: calls.cutting.Why.
    cut_off_at = models.DateTimeField(null=True)
    cut_off_why = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hms_id"], name="call_hms_id_once"),
            models.UniqueConstraint(fields=["ledger_key"], name="call_ledger_key_once"),
        ]
        indexes = [
            models.Index(fields=["organization", "-placed_at"], name="call_latest"),
            # The calls of all clients, the latest first.
            models.Index(fields=["-placed_at", "-id"], name="call_latest_of_all"),
            models.Index(
                fields=["organization", "asked_at"], condition=models.Q(booked_at=None), name="call_unsettled"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def ledger_id(self) -> str:
        """The id that its entries are keyed by."""
        return self.ledger_key or self.hms_id

    @property
    def is_forgotten(self) -> bool:
        """Whether HMS's id is gone: HMS cannot be asked about the call any more."""
        return self.hms_id == self.ledger_key


class Hold(models.Model):
    """Seconds set aside for one call while it runs. Dies with its call, or when it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="holds")
    # Empty until HMS has given the call an id.
    hms_call_id = models.CharField(max_length=255, blank=True)
    # Of a call that we place: finds its hold again when HMS's answer, with the id in it, was lost.
    destination = models.CharField(max_length=20, blank=True)
    # Who placed it: {"kind", "id", "email"} as they were then; empty for a call that came in. Of a program also
    # "request", the hash of what it asked for: the same key with another request is refused.
    actor = models.JSONField(default=dict)
    seconds = models.PositiveIntegerField()
    # The step in seconds that the call's time will be rounded up to, as agreed when it was taken.
    rounding = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "hms_call_id"],
                condition=models.Q(released_at=None) & ~models.Q(hms_call_id=""),
                name="hold_open_once_per_call",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "expires_at"], condition=models.Q(released_at=None), name="hold_open")
        ]

    def __str__(self) -> str:
        return f"{self.seconds} s for {self.hms_call_id or 'a call to come'}"
