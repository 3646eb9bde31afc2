"""What an agency keeps about its clients beside their own rows: notes, invitations, visits to their pages.

In public, where an agency's schema need not grow. No foreign key crosses schemas: a client is named by its id.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class ClientNote(models.Model):
    """What the team writes down about a client. The client never reads it; struck out, it stays in its place."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="client_notes")
    client_id = models.UUIDField()
    text = models.TextField()
    # People as they were then: {"kind", "id", "email"}.
    written_by = models.JSONField(default=dict)
    written_at = models.DateTimeField(default=timezone.now)
    struck_by = models.JSONField(default=dict)
    struck_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "client_id", "-written_at"], name="client_note_latest")]

    def __str__(self) -> str:
        return f"note on {self.client_id} of {self.agency_id}"
