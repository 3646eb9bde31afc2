"""FollowUp: one thing to look after, for one agency, not before a given time."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class FollowUp(models.Model):
    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="follow_ups")
    # A name of the registry in portal.jobs.
    kind = models.CharField(max_length=40)
    # What it is about, in the words of its kind: an event's id, an organization's id.
    subject = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    # Counts the requests: a job that ends deletes the row only if nobody asked again meanwhile.
    serial = models.PositiveIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    # Handed out; handed out again when this time has passed and the row is still there.
    claimed_until = models.DateTimeField(null=True)
    # A worker has taken it up: what the queue repeats of it is dropped.
    is_begun = models.BooleanField(default=False)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "kind", "subject"], name="follow_up_once")]
        indexes = [models.Index(fields=["due_at"], name="follow_up_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} of {self.agency_id}"
