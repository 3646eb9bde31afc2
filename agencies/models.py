"""Agency, Membership and Discrepancy: who resells, who works there, and what of it does not add up.

In public; every other fact of an agency hangs on these.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Agency(models.Model):
    class State(models.TextChoices):
        READY = "ready", _("Ready")
        CLOSING = "closing", _("Closing")
        CLOSED = "closed", _("Closed")

    id = models.BigAutoField(primary_key=True)
    # May change; the schema's name may not, and is never made from it.
    slug = models.CharField(max_length=50, unique=True)
    schema_name = models.GeneratedField(
        expression=Concat(models.Value("a_"), Cast("id", models.CharField())),
        output_field=models.CharField(max_length=63),
        db_persist=True,
        unique=True,
    )
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    # The portal: whether clients are served. Money that was paid is credited in any case.
    portal_is_on = models.BooleanField(default=False)
    portal_on_since = models.DateTimeField(null=True, blank=True)
    # What a minute costs at HMS, in millionths of the currency: 0.07 EUR = 70,000.
    cost_micro_per_minute = models.PositiveIntegerField(default=70_000)
    # What one euro is in the currencies that packages may be priced in, for their margin: {"usd": {"micro", "on"}}.
    exchange_rates = models.JSONField(default=dict)
    # Credits that every new client gets; 0 for none.
    welcome_credits = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # django-tenants asks when a row is deleted. A schema is dropped on purpose, never along with a row.
    auto_drop_schema = False

    class Meta:
        verbose_name_plural = _("agencies")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[a-z0-9]([a-z0-9-]{1,48})[a-z0-9]$"),
                name="agency_slug_is_well_formed",
            ),
            models.CheckConstraint(
                condition=models.Q(portal_is_on=False) | models.Q(portal_on_since__isnull=False),
                name="agency_portal_on_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_ready(self) -> bool:
        """Whether anybody may work in the agency's schema."""
        return self.state == self.State.READY

    def get_tenant_type(self) -> Any:
        """What django-tenants asks of a tenant: there is one type of agency."""
        return None


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MANAGER = "manager", _("Manager")
        VIEWER = "viewer", _("Viewer")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.OWNER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "user"], name="membership_once_per_agency")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.agency_id}"


class Discrepancy(models.Model):
    """Something about money or time that does not add up and that a person has to look at. Written by
    agencies.discrepancies alone; kept when it is resolved, with who did it and how."""

    class Kind(models.TextChoices):
        # A paid session at Stripe that no purchase of ours may be credited for.
        STRAY_PAYMENT = "stray_payment", _("Payment without a purchase")
        # Our rows and Stripe's lists differ.
        STRIPE = "stripe", _("Differs from Stripe")
        LEDGER = "ledger", _("Ledger not proved")
        CONFLICT = "conflict", _("Told in two ways")
        EVENT = "event", _("Message not applied")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="discrepancies")
    kind = models.CharField(max_length=20, choices=Kind)
    # What it is about, in the words of its kind: a session's id, an entry's.
    subject = models.CharField(max_length=300)
    # A client in the agency's schema, where one is known. No foreign key crosses schemas.
    client_id = models.UUIDField(null=True)
    # One sentence for the agency, and the facts behind it by name. Never a secret.
    words = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    found_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.JSONField(default=dict)
    resolution = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = _("discrepancies")
        constraints = [models.UniqueConstraint(fields=["agency", "kind", "subject"], name="discrepancy_once")]
        indexes = [
            models.Index(fields=["agency", "-found_at"], condition=models.Q(resolved_at=None), name="discrepancy_open")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} of {self.agency_id}"
