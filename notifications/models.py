"""Notification: something that the people of an agency are told. Copy: what one of them has of it.

In public. A subject is told of once a day, and the database sees to it.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    MINUTES = "minutes", _("Low minutes")
    LOW_BALANCE = "low_balance", _("Clients with few credits")
    WEBHOOK = "webhook", _("Stripe webhook")
    DELIVERY = "delivery", _("Clients' webhooks")
    DOMAIN = "domain", _("Your domain")
    DISPUTE = "dispute", _("Disputes")
    REFUND = "refund", _("Refunds")
    NEW_CLIENT = "new_client", _("New clients")


class Notification(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind)
    # What it is about, in the words of its kind: a dispute's id, an alarm. Empty for a kind that gathers what happens
    # on a day into one row.
    subject = models.CharField(max_length=100, blank=True)
    day = models.DateField()
    # How often it happened: more than once only where the day is gathered.
    count = models.PositiveIntegerField(default=1)
    # The clients it is about, by id: of a gathered day the first of them.
    client_ids = models.JSONField(default=list)
    # What it is based on, as it was when it was noted. Never a secret, and no name of a client.
    facts = models.JSONField(default=dict)
    noted_at = models.DateTimeField(default=timezone.now)
    # When it last happened.
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "kind", "subject", "day"], name="notification_once_a_day")
        ]
        indexes = [models.Index(fields=["agency", "-last_at", "-id"], name="notification_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} of {self.agency_id} on {self.day}"


class Copy(models.Model):
    """What one member of the team has of a notification. It goes with the membership."""

    class Mail(models.TextChoices):
        NONE = "", _("Not mailed")
        # Written down before the mail is sent. It stays so when a process ended in between: then nobody knows whether
        # it was sent, and it is not sent again.
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="copies", db_index=False)
    membership = models.ForeignKey("agencies.Membership", on_delete=models.CASCADE, related_name="copies")
    # How many of the notification's `count` the mails to this person have told.
    told = models.PositiveIntegerField(default=0)
    mail = models.CharField(max_length=10, choices=Mail, default=Mail.NONE, blank=True)
    mailed_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = _("copies")
        constraints = [models.UniqueConstraint(fields=["notification", "membership"], name="copy_once_for_each_member")]

    def __str__(self) -> str:
        return f"{self.notification_id} for {self.membership_id}"
