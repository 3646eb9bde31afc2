"""Every mail that an agency's clients get, with made-up facts: for a test in the owner's mailbox, and for the search
for names that should not be there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from domains import links
from portal import mailing

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Sample:
    """One kind of mail: where its templates are, and what it says here."""

    key: str
    title: "_StrPromise"
    prefix: str
    said: Callable[[Agency], dict[str, Any]]


def _page(agency: Agency, name: str) -> str:
    return links.portal(agency.pk, reverse(name, urlconf="portal.urls_portal"))


def _code(agency: Agency) -> dict[str, Any]:
    return {"code": "ABC-123", "email": "client@example.com"}


def _links(agency: Agency) -> dict[str, Any]:
    return {
        "password_reset_url": _page(agency, "account_reset_password"),
        "signup_url": _page(agency, "account_signup"),
        "email": "client@example.com",
    }


def _invitation(agency: Agency) -> dict[str, Any]:
    return {"name": _("Anna"), "credits": 10, "until": _("Friday"), "page_url": _page(agency, "account_signup")}


def _receipt(agency: Agency) -> dict[str, Any]:
    lines = [
        {"label": _("Package"), "value": _("100 credits")},
        {"label": _("Paid"), "value": "€ 40.00"},
        {"label": _("Number"), "value": "EXAMPLE"},
    ]
    return {
        "purchase": {"package_name": _("100 credits"), "is_free": False},
        "lines": lines,
        "page_url": _page(agency, "storefront:purchases"),
        "stripe_url": "",
    }


_SIGNING_IN = "account/email"
SAMPLES = {
    sample.key: sample
    for sample in (
        Sample("code", _("The code at sign-up"), f"{_SIGNING_IN}/email_confirmation_signup", _code),
        Sample("invitation", _("An invitation"), "emails/client_invitation", _invitation),
        Sample("receipt", _("A receipt"), "emails/receipt", _receipt),
        Sample("password", _("A new password"), f"{_SIGNING_IN}/password_reset_key", _links),
        Sample("changed", _("The password was changed"), f"{_SIGNING_IN}/password_changed", _links),
        Sample("known", _("Signed up already"), f"{_SIGNING_IN}/account_already_exists", _links),
        Sample("unknown", _("Not signed up yet"), f"{_SIGNING_IN}/unknown_account", _links),
    )
}


def written(agency: Agency, key: str, *, to: str) -> EmailMultiAlternatives:
    """The sample as a mail. Raises KeyError for a kind that there is not."""
    sample = SAMPLES[key]
    return mailing.written(agency, to=to, prefix=sample.prefix, said=sample.said(agency))
