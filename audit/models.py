"""AuditEntry: one thing that somebody did. The database refuses to change or remove one.

In public. An agency is named by its id and not by a foreign key: its log stays when the agency is gone.
"""

from django.db import models


class AuditEntry(models.Model):
    agency_id = models.BigIntegerField()
    # Counts from 1 within the agency, without gaps.
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    # Who, as they were then: "member" or "operator", the id of their user, their address, their role in the agency.
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64)
    actor_email = models.CharField(max_length=254, blank=True)
    actor_role = models.CharField(max_length=20, blank=True)
    # `package.changed`; portal.dashboard.audit_words has the sentence.
    what = models.CharField(max_length=60)
    # What it was done to, in words: a client's name, a domain.
    subject = models.CharField(max_length=300, blank=True)
    # What is different, by name. Never a secret.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    came_from = models.GenericIPAddressField(null=True)
    # SHA-256 over all of the above and the digest of the entry before.
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = [models.UniqueConstraint(fields=["agency_id", "number"], name="audit_entry_number_once")]
        indexes = [models.Index(fields=["agency_id", "-at"], name="audit_entry_latest")]

    def __str__(self) -> str:
        return f"{self.what} no. {self.number} of {self.agency_id}"


class AuditHead(models.Model):
    """The end of an agency's chain: what the next entry follows on, and the lock that puts entries in a row."""

    agency_id = models.BigIntegerField(primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"head of {self.agency_id} at {self.number}"
