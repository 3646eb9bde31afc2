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


class Erasure(models.Model):
    """An agency that is being erased, step by step, or was. It names the agency by its id, and its owners alone.

    The certificate is here for good, and with it the sums of the ledger: by month and kind, of nobody.
    """

    class Step(models.TextChoices):
        KEYS = "keys", _("Keys")
        INBOX = "inbox", _("Messages of Stripe and HMS")
        DOMAINS = "domains", _("Domains")
        SCHEMA = "schema", _("Clients, ledger and calls")
        ROWS = "rows", _("Brand, team and settings")
        CERTIFICATE = "certificate", _("Certificate")
        DONE = "done", _("Done")

    agency_id = models.BigIntegerField(primary_key=True)
    # As it was called.
    slug = models.CharField(max_length=50)
    company_name = models.CharField(max_length=80)
    # Who owned it in the end: [{"id", "email"}]. They may have the certificate.
    owners = models.JSONField(default=list)
    step = models.CharField(max_length=12, choices=Step, default=Step.KEYS)
    began_at = models.DateTimeField(default=timezone.now)
    # Rows by table. Each step adds its own in the transaction that erases them.
    erased = models.JSONField(default=dict)
    # The end of each wallet's chain, and sums of the ledger and of purchases by month.
    chains = models.JSONField(default=list)
    ledger = models.JSONField(default=list)
    purchases = models.JSONField(default=list)
    # The JSON as it was signed. Empty until everything is erased.
    certificate = models.TextField(blank=True)
    issued_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"erasure of {self.agency_id}: {self.step}"
