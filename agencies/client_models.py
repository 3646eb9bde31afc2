"""What an agency keeps about its clients beside their own rows: notes, invitations, visits to their pages.

In public, where an agency's schema need not grow. No foreign key crosses schemas: a client is named by its id.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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


class ClientInvitation(models.Model):
    """Somebody who was asked by e-mail to sign up on the portal. The token in the mail is kept as its hash alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="client_invitations")
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=120)
    # Given once, when it is accepted; 0 for none. The agency's welcome for every new client comes on top.
    credits = models.PositiveIntegerField(default=0)
    token_hash = models.CharField(max_length=64, unique=True)
    # Counts the mails: each has a token of its own, and only the latest lets somebody in.
    serial = models.PositiveIntegerField(default=1)
    invited_by = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    # Who came of it, in the agency's schema.
    client_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="client_invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to the portal of {self.agency_id}"


class ClientVisit(models.Model):
    """Somebody of the team who looked at a client's pages as the client sees them. Kept: the client reads it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="client_visits")
    client_id = models.UUIDField()
    # The person of the team, as they were then.
    member_id = models.UUIDField()
    member_email = models.EmailField()
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField(default=timezone.now)
    # Null until the ticket was used, which is possible once.
    begun_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agency", "client_id", "-begun_at"], name="client_visit_latest")]

    def __str__(self) -> str:
        return f"{self.member_email} at {self.client_id} of {self.agency_id}"
