"""Agency and Membership: who resells, and who works there. In public; every other fact of an agency hangs on these."""

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
