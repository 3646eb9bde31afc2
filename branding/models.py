"""How an agency looks and what it is called, its pictures, the mail server of its own, and what the last search for
foreign names found. All in public.
"""

import uuid

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("A colour is # and six hexadecimal digits, for example #3B82F6."))


class Branding(models.Model):
    class Light(models.TextChoices):
        DEVICE = "device", _("As the visitor's device is")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    agency = models.OneToOneField(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="branding")
    company_name = models.CharField(_("company name"), max_length=80)
    primary_color = models.CharField(_("primary colour"), max_length=7, default="#3b82f6", validators=[COLOUR])
    accent_color = models.CharField(_("accent colour"), max_length=7, default="#0f766e", validators=[COLOUR])
    support_email = models.EmailField(_("support e-mail"), blank=True)
    privacy_url = models.URLField(_("privacy page"), blank=True)
    terms_url = models.URLField(_("terms page"), blank=True)
    imprint_url = models.URLField(_("imprint"), blank=True)
    login_title = models.CharField(_("headline on the sign-in page"), max_length=80, blank=True)
    login_text = models.CharField(_("text on the sign-in page"), max_length=300, blank=True)
    # For visitors who have not chosen; empty for what their browser asks for.
    language = models.CharField(_("language"), max_length=10, blank=True)
    light_or_dark = models.CharField(_("light or dark"), max_length=6, choices=Light, default=Light.DEVICE)
    # What is worn of Picture, so that no page asks for it: by role {"digest", "width", "height"}.
    pictures = models.JSONField(default=dict, editable=False)
    # Made from the colours when they are saved; served as /theme/<digest>.css.
    stylesheet = models.TextField(editable=False)
    stylesheet_digest = models.CharField(max_length=12, editable=False, db_index=True)

    class Meta:
        verbose_name_plural = _("branding")

    def __str__(self) -> str:
        return self.company_name


class Picture(models.Model):
    """A picture that was asked for, and what was drawn of it. What is worn stays until the next one is drawn."""

    class Role(models.TextChoices):
        LOGO = "logo", _("Logo")
        LOGO_DARK = "logo_dark", _("Logo for dark pages")
        FAVICON = "favicon", _("Browser icon")

    class State(models.TextChoices):
        WAITING = "waiting", _("On its way")
        READY = "ready", _("In use")
        REFUSED = "refused", _("Refused")

    agency = models.ForeignKey(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="pictures")
    role = models.CharField(max_length=10, choices=Role)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # Where it is fetched from; empty when it was uploaded.
    url = models.CharField(max_length=2_000, blank=True)
    # What was uploaded, until it is drawn.
    upload = models.BinaryField(null=True)
    # A redraw.Why or an outside.guarded.Why, when it was refused.
    why = models.CharField(max_length=12, blank=True)
    # Names the request: what comes of an earlier one is dropped.
    asked = models.UUIDField(default=uuid.uuid4)
    asked_at = models.DateTimeField(default=timezone.now)
    # A PNG of ours. Its digest is its address, so that it may be cached for ever.
    content = models.BinaryField(null=True)
    digest = models.CharField(max_length=32, blank=True, db_index=True)
    width = models.PositiveSmallIntegerField(null=True)
    height = models.PositiveSmallIntegerField(null=True)
    # The same in a square, for browsers' tabs; None where too little would be left of it.
    icon = models.BinaryField(null=True)
    icon_digest = models.CharField(max_length=32, blank=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "role"], name="picture_once_per_role")]

    def __str__(self) -> str:
        return f"{self.role} of {self.agency_id}"


class MailServer(models.Model):
    """An agency's own mail server, kept only after it has taken a mail."""

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the start (mostly port 465)")
        STARTTLS = "starttls", _("STARTTLS (mostly port 587)")
        PLAIN = "plain", _("None, inside the operator's own network")

    agency = models.OneToOneField(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="mail_server")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    security = models.CharField(max_length=8, choices=Security)
    username = models.CharField(max_length=200)
    password_sealed = models.BinaryField()
    from_address = models.EmailField()
    proved_at = models.DateTimeField()
    last_sent_at = models.DateTimeField(null=True)
    # The last time that it did not take a mail, and an outside.mail.Why.
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=12, blank=True)

    def __str__(self) -> str:
        return f"mail server of {self.agency_id}"


class LeakCheck(models.Model):
    """The last search for names on an agency's portal that are not its own."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Looking")
        DONE = "done", _("Done")

    agency = models.OneToOneField(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="leak_check")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # How many places were looked at, of how many.
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    # leaks.Finding by their fields, and keys of what could not be looked at.
    findings = models.JSONField(default=list)
    unseen = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"leak check of {self.agency_id}"
