"""Export: one archive that was asked for. Its file lies outside the database, under a name that nobody can guess."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Export(models.Model):
    class State(models.TextChoices):
        # Asked for, or being written.
        WAITING = "waiting", _("Being made")
        READY = "ready", _("Ready")
        # Its time is over, or a newer one took its place: the file is deleted.
        GONE = "gone", _("Deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="exports")
    # Of one client alone; null for everything of the agency. No foreign key crosses schemas.
    client_id = models.UUIDField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # Who asked, as they were then: {"kind", "id", "email"}.
    asked_by = models.JSONField(default=dict)
    asked_at = models.DateTimeField(default=timezone.now)
    # Rows written, of about how many. The total is counted when the work begins.
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    # How far it is, by table: {"bytes", "rows", "after", "is_done"}. Only what is on the disk for good stands here.
    progress = models.JSONField(default=dict)
    size_bytes = models.PositiveBigIntegerField(null=True)
    ready_at = models.DateTimeField(null=True)
    # When the file is deleted.
    ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "-asked_at"], name="export_latest")]

    def __str__(self) -> str:
        return f"export {self.id} of {self.agency_id}"
