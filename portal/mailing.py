"""Mails of an agency to its clients, in its brand, and of the platform to the people of an agency, in its own.

All are sent from the platform's address; what a client answers goes to the agency. A mail is sent by a job and outside
of any transaction: a mail server that is away makes the job come back.
"""

from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from agencies.models import Agency
from portal import context
from tenancy import network


def send(agency: Agency, *, to: str, template: str, said: dict[str, Any]) -> None:
    """Send `templates/emails/<template>_subject.txt` and `_message.txt` and `.html`, rendered with `said` and `brand`.

    Raises what the mail server does not take (OSError or smtplib's errors).
    """
    _send(context.portal_brand(agency.branding), to=to, template=template, said=said)


def send_from_platform(*, to: str, template: str, said: dict[str, Any]) -> None:
    """`send`, in the platform's name, to somebody who works for an agency."""
    _send(context.platform_brand(), to=to, template=template, said=said)


def _send(brand: dict[str, Any], *, to: str, template: str, said: dict[str, Any]) -> None:
    network.refuse_inside_transaction()
    values = {**said, "brand": brand}
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string(f"emails/{template}_subject.txt", values).split()),
        body=render_to_string(f"emails/{template}_message.txt", values),
        from_email=formataddr((brand["name"], parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[to],
        reply_to=[brand["support_email"]] if brand.get("support_email") else None,
    )
    message.attach_alternative(render_to_string(f"emails/{template}_message.html", values), "text/html")
    message.send()
