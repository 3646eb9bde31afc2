"""Who resells, who works there, under which terms calls are booked, how its minutes stand, what does not add up.

In public; every other fact of an agency hangs on these.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agencies.client_models import ClientInvitation as ClientInvitation
from agencies.client_models import ClientNote as ClientNote
from agencies.client_models import ClientVisit as ClientVisit


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
    # What one euro is in the currencies that packages may be priced in, for their margin: {"usd": {"micro", "on"}}.
    exchange_rates = models.JSONField(default=dict)
    # Credits that every new client gets; 0 for none.
    welcome_credits = models.PositiveIntegerField(default=0)
    # Whoever gives or takes more credits at once is asked for their password or a code before.
    asks_again_above_credits = models.PositiveIntegerField(default=100)
    # When an owner has closed it: what it has is erased then. Until then it can be taken back, and the portal is off.
    closes_at = models.DateTimeField(null=True, blank=True)
    # Below how many credits a client's balance is low; 0 for never.
    low_balance_credits = models.PositiveIntegerField(default=10)
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
            models.CheckConstraint(
                condition=models.Q(portal_is_on=False) | models.Q(closes_at__isnull=True),
                name="agency_closing_is_off",
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
    # Which kinds of notifications are mailed to them; null while they chose nothing, and then their role decides.
    mailed_kinds = models.JSONField(null=True)
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
        # What HMS says was used, and the calls that we know, differ for a second time.
        CONTROL = "control", _("Differs from HMS")
        STRAY_CALLS = "stray_calls", _("Calls of no client")

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


class CallTerms(models.Model):
    """How calls are rounded and what they cost the agency from a moment on. A row in force is never changed."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="call_terms")
    from_at = models.DateTimeField()
    # The step in seconds that a call's time is rounded up to: one of calls.rating.ROUNDINGS.
    rounding = models.PositiveSmallIntegerField()
    # What a minute costs at HMS, in millionths of a euro: 0.07 EUR = 70,000.
    cost_micro_per_minute = models.PositiveIntegerField()
    # The same for kinds of call that cost something else: {"web": 60000}.
    cost_micro_of = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = _("call terms")
        constraints = [models.UniqueConstraint(fields=["agency", "from_at"], name="call_terms_once_per_moment")]

    def __str__(self) -> str:
        return f"terms of {self.agency_id} from {self.from_at:%Y-%m-%d %H:%M}"


class MinutesReading(models.Model):
    """The agency's balance at HMS at the end of a day, as last told on it."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="minutes_readings")
    on = models.DateField()
    seconds_left = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "on"], name="minutes_reading_once_a_day")]

    def __str__(self) -> str:
        return f"{self.seconds_left} s of {self.agency_id} on {self.on}"


class MinutesWatch(models.Model):
    """When the owners want to hear of their minutes, and whether they have."""

    agency = models.OneToOneField(Agency, on_delete=models.CASCADE, related_name="minutes_watch")
    # Low: fewer seconds than this, or fewer days at the pace of the last week. 0 is off.
    low_seconds = models.PositiveIntegerField(default=100 * 60)
    low_days = models.PositiveSmallIntegerField(default=3)
    # The least share of sold credits, in percent, that the minutes have to cover. 0 is off.
    floor_percent = models.PositiveSmallIntegerField(default=100)
    stops_selling = models.BooleanField(default=False)
    # Since when it is so; null while it is not. Set once for each crossing, with the mail to the owners.
    low_since = models.DateTimeField(null=True)
    floor_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"watch over the minutes of {self.agency_id}"


class StrayCall(models.Model):
    """A call on the agency's minutes that belongs to no client, kept apart. It moves no balance."""

    class Why(models.TextChoices):
        OWN = "own", _("Your own organization's")
        TWICE = "twice", _("Listed by two clients' organizations")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="stray_calls")
    # HMS's id may hold the caller's number: kept is its SHA-256, enough to know the call again.
    hms_id_hash = models.CharField(max_length=64)
    why = models.CharField(max_length=10, choices=Why)
    # The organization at HMS that listed it.
    organization_name = models.CharField(max_length=200)
    status = models.CharField(max_length=40)
    direction = models.CharField(max_length=10, blank=True)
    assistant_name = models.CharField(max_length=200, blank=True)
    placed_at = models.DateTimeField()
    measured_seconds = models.PositiveIntegerField(null=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "hms_id_hash"], name="stray_call_once")]
        indexes = [models.Index(fields=["agency", "-placed_at"], name="stray_call_latest")]

    def __str__(self) -> str:
        return f"{self.why} call of {self.agency_id}"


class Invitation(models.Model):
    """Somebody who was asked by e-mail to join the team. The token in the mail is kept as its hash alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(max_length=10, choices=Membership.Role)
    token_hash = models.CharField(max_length=64, unique=True)
    # Counts the mails: each has a token of its own, and only the latest lets somebody in.
    serial = models.PositiveIntegerField(default=1)
    invited_by = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.agency_id}"


class OwnershipOffer(models.Model):
    """An owner's offer to hand the agency over. It is done when the other one agrees."""

    agency = models.OneToOneField(Agency, on_delete=models.CASCADE, related_name="ownership_offer")
    offered_by = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    offered_to = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    offered_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.agency_id} from {self.offered_by_id} to {self.offered_to_id}"


class MemberSession(models.Model):
    """Where a person of the platform is signed in. Without its row a session holds no more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user_id = models.UUIDField(db_index=True)
    # What the browser calls itself, and the address it was last seen from.
    device = models.CharField(max_length=300, blank=True)
    came_from = models.GenericIPAddressField(null=True)
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"session of {self.user_id}"
