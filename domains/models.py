"""Domain: a host name that means one agency's portal."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Domain(models.Model):
    class Kind(models.TextChoices):
        SLUG = "slug", _("Portal address")
        CUSTOM = "custom", _("Own domain")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting for proof")
        VERIFIED = "verified", _("Proved")

    # An A-label in lower case, without port or trailing dot: what names.normalise() gives.
    domain = models.CharField(max_length=253, unique=True)
    tenant = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="domains")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SLUG)
    state = models.CharField(max_length=10, choices=State, default=State.VERIFIED)
    # The one that links are made of.
    is_primary = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(domain=models.functions.Lower("domain")), name="domain_is_lower_case"
            ),
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(is_primary=True), name="domain_one_primary"),
            models.CheckConstraint(
                condition=models.Q(is_primary=False) | models.Q(state="verified"), name="domain_primary_is_verified"
            ),
        ]

    def __str__(self) -> str:
        return self.domain
