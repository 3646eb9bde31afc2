"""Organization: the child organization at HMS that belongs to one client. Delivery: a message to its own endpoint.
Document: what its assistants look things up in.
"""

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models import Client


class Organization(models.Model):
    class State(models.TextChoices):
        # To be made at HMS.
        WANTED = "wanted", _("Being set up")
        # The request is on its way. Whoever finds this state later does not know whether HMS has made it.
        REQUESTED = "requested", _("Being set up")
        READY = "ready", _("Ready")
        # The answer, with the key in it, was lost. Never asked for again; the agency pastes the key.
        UNCLEAR = "unclear", _("Needs attention")
        SUSPENDED = "suspended", _("Suspended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.OneToOneField(Client, on_delete=models.PROTECT, related_name="organization")
    # What it is called at HMS: unique there, so that a lost answer can be looked up.
    hms_name = models.CharField(max_length=200, unique=True)
    hms_id = models.CharField(max_length=64, null=True, unique=True)
    api_key_sealed = models.BinaryField(null=True)
    api_key_mask = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WANTED)
    state_since = models.DateTimeField(default=timezone.now)
    # Why the last try failed, in words for the agency.
    problem = models.CharField(max_length=500, blank=True)
    # Refused tries in a row: decides how long the next one waits.
    refusals = models.PositiveIntegerField(default=0)
    wanted_at = models.DateTimeField(default=timezone.now, editable=False)
    # When its first assistant stood at HMS, pointing at our endpoint. Null: still to be seen to.
    equipped_at = models.DateTimeField(null=True)
    # The list of calls was read and booked up to this time; moves last, after the calls are booked.
    calls_synced_until = models.DateTimeField(null=True)
    # When the list was last read far back, for what appears days late.
    calls_swept_at = models.DateTimeField(null=True)
    # The last comparison with HMS's own total of what was used: calls.control.Compared as JSON. Empty before the first.
    control = models.JSONField(default=dict)
    # When the client last did something: decides how often we look for calls.
    active_at = models.DateTimeField(default=timezone.now)
    # Where assistants that were made elsewhere reported to before they were connected: sealed, by HMS's id of each.
    former_webhooks = models.JSONField(default=dict)
    # For how long HMS keeps what was said and who called, in days. Null: never set here, and HMS does not tell.
    content_days = models.PositiveSmallIntegerField(null=True)
    metadata_days = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(hms_id__isnull=False, api_key_sealed__isnull=False),
                name="organization_ready_has_id_and_key",
            )
        ]

    def __str__(self) -> str:
        return self.hms_name


class Delivery(models.Model):
    """One of HMS's events on its way to the client's own endpoint."""

    class State(models.TextChoices):
        WAITING = "waiting", _("On its way")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Not delivered")

    # Beside those of outside.guarded and organizations.relay: why there is no status.
    NO_TARGET = "no_target"
    NO_BODY = "no_body"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.CharField(max_length=60)
    call_id = models.CharField(max_length=255, blank=True)
    # HMS waits for the answer, so there is one attempt.
    is_asked = models.BooleanField()
    # The assistant is in privacy mode: nothing of the body is kept beyond the first answer.
    is_private = models.BooleanField()
    # HMS's very body. Null when it is delivered, three days old, or not to be kept.
    body_sealed = models.BinaryField(null=True)
    body_bytes = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    # Of the latest attempt. No status: `why` says what was in the way.
    status = models.PositiveSmallIntegerField(null=True)
    why = models.CharField(max_length=20, blank=True)
    latency_ms = models.PositiveIntegerField(null=True)
    attempted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"], name="delivery_latest")]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"


class Document(models.Model):
    """A text that a client's assistants look things up in, or one piece of it: both live in one table.

    What is `whole` is None for is the document itself; its pieces point at it, and are what is searched.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        MARKDOWN = "markdown", _("Markdown")
        PDF = "pdf", _("PDF")

    class State(models.TextChoices):
        WAITING = "waiting", _("Being read")
        READY = "ready", _("Ready")
        UNREADABLE = "unreadable", _("Cannot be read")

    class Language(models.TextChoices):
        """How words are brought to their stem: the server's configurations of these names."""

        ENGLISH = "english", _("English")
        DUTCH = "dutch", _("Dutch")
        GERMAN = "german", _("German")
        FRENCH = "french", _("French")
        SPANISH = "spanish", _("Spanish")
        ITALIAN = "italian", _("Italian")
        PORTUGUESE = "portuguese", _("Portuguese")
        DANISH = "danish", _("Danish")
        SWEDISH = "swedish", _("Swedish")
        NORWEGIAN = "norwegian", _("Norwegian")
        FINNISH = "finnish", _("Finnish")
        # Words as they are written.
        OTHER = "simple", _("Another language")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="documents", db_index=False)
    # Both are always deleted in one statement, so nothing has to be collected first.
    whole = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, related_name="pieces", null=True, db_index=False, editable=False
    )
    language = models.CharField(max_length=20, choices=Language)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Of the document itself.
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, blank=True)
    size_bytes = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, blank=True)
    # Why it cannot be read: one of organizations.document_texts.Why.
    problem = models.CharField(max_length=20, blank=True)
    added_by = models.CharField(max_length=254, blank=True)
    # The file, until it was read.
    source = models.BinaryField(null=True)
    # Of a piece: where it stands in the document, and what it says.
    position = models.PositiveIntegerField(default=0)
    section = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    words = SearchVectorField(null=True)

    class Meta:
        constraints = [
            # Also what a client's documents are listed by.
            models.UniqueConstraint(
                fields=["organization", "name"], condition=models.Q(whole=None), name="document_one_of_a_name"
            )
        ]
        indexes = [
            models.Index(fields=["whole", "position"], condition=models.Q(whole__isnull=False), name="document_pieces"),
            GinIndex(fields=["words"], fastupdate=False, name="document_words"),
        ]

    def __str__(self) -> str:
        return self.name or f"piece {self.position} of {self.whole_id}"
