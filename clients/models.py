"""Client and ClientMember: a customer of the agency, and the people who sign in for it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Client(models.Model):
    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    # Where receipts go, and what the agency's table shows: the address of whoever signed up.
    email = models.EmailField(_("e-mail address"))
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    # Who set it last, as they were then: {"kind", "id", "email"}, and when.
    state_by = models.JSONField(default=dict)
    state_since = models.DateTimeField(default=timezone.now)
    # What the agency allows it: clients.limits.Limits by name, where they differ from what is usual.
    limits = models.JSONField(default=dict)
    # What it pays instead of the usual price: billing.own_prices, {"<package>": {"price_minor", "currency"}}.
    prices = models.JSONField(default=dict)
    # Since when the balance has been above the agency's line for low ones; null while it is below, or never was.
    enough_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class ClientMember(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MEMBER = "member", _("Member")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="members")
    # User exists on both sides: nothing is ever cascaded along this relation.
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="client_member")
    role = models.CharField(max_length=10, choices=Role, default=Role.OWNER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.user_id} of {self.client_id}"
