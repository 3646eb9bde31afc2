"""Mails of an agency to its clients, in its brand, and of the platform to the people of an agency, in its own.

An agency's mails go through its own server if it has one, else and whenever that fails through the platform's; what a
client answers goes to the agency. A mail is sent outside of any transaction, and but for the codes and links of signing
in by a job: a mail server that is away makes the job come back.
"""

from email.utils import formataddr, make_msgid, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone, translation

from agencies.models import Agency
from branding import mail_servers
from branding.models import MailServer
from portal import context
from tenancy import network


def send(agency: Agency, *, to: str, template: str, said: dict[str, Any]) -> None:
    """Send `templates/emails/<template>_subject.txt` and `_message.txt` and `.html`, rendered with `said` and `brand`.

    Raises what the platform's mail server does not take (OSError or smtplib's errors).
    """
    deliver(agency, written(agency, to=to, prefix=f"emails/{template}", said=said))


def send_from_platform(*, to: str, template: str, said: dict[str, Any], files: dict[str, str] | None = None) -> None:
    """`send`, in the platform's name, to somebody who works for an agency. `files` are JSON texts by name."""
    network.refuse_inside_transaction()
    message = written_by_platform(to=to, template=template, said=said)
    for name, text in (files or {}).items():
        message.attach(name, text, "application/json")
    message.send()


def written_by_platform(*, to: str, template: str, said: dict[str, Any]) -> EmailMultiAlternatives:
    """A mail of the platform to somebody who works for an agency, as `hand_over` takes it."""
    return _written(context.platform_brand(), to=to, prefix=f"emails/{template}", said=said)


def opened() -> BaseEmailBackend:
    """The platform's mail server, connected: until here nothing can have been sent. To be closed by the caller."""
    network.refuse_inside_transaction()
    server: BaseEmailBackend = get_connection()
    server.open()
    return server


def hand_over(message: EmailMessage, server: BaseEmailBackend) -> None:
    """Give a mail to a server that is connected."""
    network.refuse_inside_transaction()
    message.connection = server
    message.send()


def written(agency: Agency, *, to: str, prefix: str, said: dict[str, Any]) -> EmailMultiAlternatives:
    """A mail of the agency as `deliver` takes it; `prefix` is where its three templates are."""
    with translation.override(agency.branding.language or translation.get_language()):
        return _written(context.mail_brand(agency), to=to, prefix=prefix, said=said)


def deliver(agency: Agency, message: EmailMessage) -> None:
    """Hand a mail of the agency to its own server, or to the platform's if it has none or that one fails.

    Raises what the platform's does not take.
    """
    network.refuse_inside_transaction()
    own = mail_servers.of(agency.pk)
    if own is not None and mail_servers.deliver(
        own, to=message.recipients(), message=as_sent_by(own, message), now=timezone.now()
    ):
        return
    _name_ours(message, message.from_email)
    message.send()


def as_sent_by(own: MailServer, message: EmailMessage) -> bytes:
    """The mail as the agency's own server gets it: from an address of the agency's, with nothing that names ours."""
    before = message.from_email
    message.from_email = formataddr((parseaddr(before)[0], own.from_address))
    try:
        _name_ours(message, own.from_address)
        return bytes(message.message()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    finally:
        message.from_email = before


def _name_ours(message: EmailMessage, address: str) -> None:
    """The id of a mail would else end in the name of this machine."""
    message.extra_headers["Message-ID"] = make_msgid(domain=parseaddr(address)[1].rpartition("@")[2])


def _written(brand: dict[str, Any], *, to: str, prefix: str, said: dict[str, Any]) -> EmailMultiAlternatives:
    values = {**said, "brand": brand}
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string(f"{prefix}_subject.txt", values).split()),
        body=render_to_string(f"{prefix}_message.txt", values),
        from_email=from_platforms_address(brand["name"]),
        to=[to],
        reply_to=[brand["support_email"]] if brand.get("support_email") else None,
    )
    message.attach_alternative(render_to_string(f"{prefix}_message.html", values), "text/html")
    return message


def from_platforms_address(name: str) -> str:
    """The platform's address under this name."""
    return formataddr((name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
