"""Domain: a host name that means one agency's portal, or that an agency says is its own.

The database holds the three rules that nothing may break: one name leads to one agency, an agency has one primary host,
and that host is one that works.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains import names


class State(models.TextChoices):
    """Where a name stands on its way. A slug's host is VERIFIED from the start and for good."""

    # Claimed; nothing is served and no certificate is allowed.
    PENDING = "pending", _("Waiting for proof")
    # Proved; the certificate has not been seen yet.
    VERIFIED = "verified", _("Proved")
    # Proved, and answered with a certificate: may be primary.
    ACTIVE = "active", _("Active")
    # The proof was not found three times; still served, for seven days.
    FAILING = "failing", _("Failing")
    # The proof is gone. Nothing is served any more.
    LOST = "lost", _("Lost")
    # Given back by its agency; kept so that nobody else takes it over at once.
    RELEASED = "released", _("Released")


# These lead to the portal, and these alone.
SERVED = (State.VERIFIED, State.ACTIVE, State.FAILING)


class Domain(models.Model):
    State = State

    class Kind(models.TextChoices):
        SLUG = "slug", _("Portal address")
        CUSTOM = "custom", _("Own domain")

    # An A-label in lower case, without port or trailing dot: what names.normalise() gives.
    domain = models.CharField(max_length=253)
    tenant = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="domains")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SLUG)
    state = models.CharField(max_length=10, choices=State, default=State.VERIFIED)
    # The one that links are made of, and that the others lead to.
    is_primary = models.BooleanField(default=False)
    # The one the agency wants for that. It is primary whenever it is active; the slug's host stands in for it.
    is_preferred = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # What the record has to name: of this claim alone, so that nobody else's record proves it. Empty for slugs.
    token = models.CharField(max_length=40, blank=True)
    # "cname" or "txt": what the last proof was.
    proved_by = models.CharField(max_length=5, blank=True)
    verified_at = models.DateTimeField(null=True)
    active_at = models.DateTimeField(null=True)
    failing_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # Checks in a row that did not find the proof, and when the last of them was counted.
    misses = models.PositiveIntegerField(default=0)
    missed_at = models.DateTimeField(null=True)
    # The doctor's last word: {"code", "facts"}. Empty before the first check.
    finding = models.JSONField(default=dict)
    # Another agency has proved the name first.
    was_beaten_at = models.DateTimeField(null=True)
    # A slug that was changed: until when its host leads on to the new one.
    gives_way_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(domain=models.functions.Lower("domain")), name="domain_is_lower_case"),
            # The first proof wins. It holds for slugs as well: a slug is nobody else's while it gives way.
            models.UniqueConstraint(fields=["domain"], condition=Q(state__in=SERVED), name="domain_served_once"),
            models.UniqueConstraint(
                fields=["tenant", "domain"], condition=~Q(state="released"), name="domain_once_per_agency"
            ),
            models.UniqueConstraint(fields=["token"], condition=~Q(token=""), name="domain_token_once"),
            models.UniqueConstraint(fields=["tenant"], condition=Q(is_primary=True), name="domain_one_primary"),
            models.UniqueConstraint(fields=["tenant"], condition=Q(is_preferred=True), name="domain_one_preferred"),
            models.CheckConstraint(
                condition=Q(is_primary=False)
                | Q(kind="slug", state="verified", gives_way_at=None)
                | Q(kind="custom", state="active"),
                name="domain_primary_works",
            ),
            models.CheckConstraint(
                condition=Q(kind="slug", token="", state="verified") | (Q(kind="custom") & ~Q(token="")),
                name="domain_custom_has_a_token",
            ),
        ]
        indexes = [models.Index(fields=["domain"], name="domain_by_name")]

    def __str__(self) -> str:
        return self.domain

    @property
    def shown(self) -> str:
        """The name as people read it: münchen.example rather than xn--mnchen-3ya.example."""
        return names.shown(self.domain)

    @property
    def is_served(self) -> bool:
        """Whether the name leads to the portal."""
        return self.state in SERVED
