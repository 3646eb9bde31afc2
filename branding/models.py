"""Branding: how an agency looks and what it is called. One row for each agency, in public."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("A colour is # and six hexadecimal digits, for example #3B82F6."))


class Branding(models.Model):
    agency = models.OneToOneField(settings.TENANT_MODEL, on_delete=models.CASCADE, related_name="branding")
    company_name = models.CharField(_("company name"), max_length=80)
    logo_url = models.URLField(_("logo URL"), blank=True)
    primary_color = models.CharField(_("primary colour"), max_length=7, default="#3b82f6", validators=[COLOUR])
    accent_color = models.CharField(_("accent colour"), max_length=7, default="#0f766e", validators=[COLOUR])
    support_email = models.EmailField(_("support e-mail"), blank=True)
    privacy_url = models.URLField(_("privacy page"), blank=True)
    terms_url = models.URLField(_("terms page"), blank=True)
    imprint_url = models.URLField(_("imprint"), blank=True)
    # Made from the colours when they are saved; served as /theme/<digest>.css.
    stylesheet = models.TextField(editable=False)
    stylesheet_digest = models.CharField(max_length=12, editable=False, db_index=True)

    class Meta:
        verbose_name_plural = _("branding")

    def __str__(self) -> str:
        return self.company_name
