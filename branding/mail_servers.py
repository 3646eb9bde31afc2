"""An agency's own mail server: kept only when it has just taken a mail, left alone for a while when it fails.

Mail never waits for it: whoever sends falls back on the platform's server, and what went wrong stays readable here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from branding.models import MailServer
from outside import mail
from outside.mail import NotTaken, Server, Why
from vault import envelope

# Somebody may be waiting for the mail with a code, and for the page that sends it.
WITHIN_SECONDS = 8
_RESTS = timedelta(minutes=5)
_TYPED = ("host", "port", "security", "username", "from_address")
_PASSWORD = "mail.password"  # noqa: S105 - the name of a column


class WrongMailServer(ValueError):
    """This server cannot be kept. `field` is what it is about ("" for all), the message is for whoever typed it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def of(agency_id: int) -> MailServer | None:
    """The agency's server as it may be shown."""
    return MailServer.objects.filter(agency_id=agency_id).first()


def server_of(row: MailServer) -> Server:
    """Where mail is handed in, with the password opened."""
    password = envelope.unseal(row.password_sealed, agency_id=row.agency_id, field=_PASSWORD)
    return Server(row.host, row.port, row.security, row.username, password)


def typed(*, agency_id: int, host: str, port: int, security: str, username: str, password: str) -> Server:
    """What was typed, cleaned, to be tried before it is kept. A blank password is the stored one, for the same host.

    Raises WrongMailServer.
    """
    host, row = host.strip().rstrip(".").lower(), of(agency_id)
    if not password and row is not None and row.host == host:
        password = server_of(row).password
    if not password:
        raise WrongMailServer("password", _("Type the password. It is kept for the same server only."))
    return Server(host, port, security, username.strip(), password)


def save(*, agency_id: int, server: Server, from_address: str, now: datetime) -> MailServer:
    """Keep a server that has taken a mail just now. Raises WrongMailServer for what does not fit."""
    fields = {
        "host": server.host,
        "port": server.port,
        "security": server.security,
        "username": server.username,
        "password_sealed": envelope.seal(server.password, agency_id=agency_id, field=_PASSWORD),
        "from_address": from_address,
        "proved_at": now,
        "failed_at": None,
        "failure": "",
    }
    with transaction.atomic():
        row = MailServer.objects.select_for_update().filter(agency_id=agency_id).first() or MailServer()
        row.agency_id = agency_id
        for name, value in fields.items():
            setattr(row, name, value)
        try:
            row.clean_fields(exclude=[field.name for field in MailServer._meta.fields if field.name not in _TYPED])
        except ValidationError as error:
            name, sentences = next(iter(error.message_dict.items()))
            raise WrongMailServer(name, " ".join(sentences)) from error
        row.save()
    return row


def remove(agency_id: int) -> None:
    """Send by the platform's server from now on, and forget the password."""
    MailServer.objects.filter(agency_id=agency_id).delete()


def deliver(row: MailServer, *, to: Sequence[str], message: bytes, now: datetime) -> bool:
    """Whether the agency's server took the mail. It is not asked while it rests after a failure."""
    if rests(row, now):
        return False
    mine = MailServer.objects.filter(pk=row.pk)
    try:
        hand_in(server_of(row), sender=row.from_address, to=to, message=message)
    except NotTaken as error:
        # An address that nobody has says nothing of the server.
        if error.why is not Why.RECIPIENT:
            mine.update(failed_at=now, failure=error.why)
        return False
    mine.update(last_sent_at=now, failed_at=None, failure="")
    return True


def hand_in(server: Server, *, sender: str, to: Sequence[str], message: bytes) -> None:
    """Hand a mail to the server. Raises outside.mail.NotTaken."""
    gate = mail.from_settings()
    gate.deliver(server, sender=sender, to=to, message=message, within_seconds=WITHIN_SECONDS)


def rests(row: MailServer, now: datetime) -> bool:
    """Whether it failed so lately that it is left alone."""
    return row.failed_at is not None and now < row.failed_at + _RESTS


def why(reason: str) -> str:
    """What was in the way, and what to do about it, in one sentence."""
    return (
        {
            Why.ADDRESS: _("This host is inside a private network. Give one that the internet can reach."),
            Why.PORT: _("Mail servers listen on port 465, 587, 2525 or 25. Choose one of them."),
            Why.NAME: _("There is no such host. Check it for a typing error."),
            Why.CONNECTION: _("Nobody answers at this host and port. Check both with your mail provider."),
            Why.TLS: _(
                "The server's certificate or encryption does not fit. Check the host name and the kind of encryption."
            ),
            Why.NO_TLS: _(
                "The server does not encrypt, so a password must not be sent to it. Choose another port or server."
            ),
            Why.TIME: _("The server took too long to answer. Check the port, or ask your mail provider."),
            Why.LOGIN: _(
                "The server does not take this user name and password. Some providers want a password for apps."
            ),
            Why.SENDER: _("The server does not let you send from this address. Use one that belongs to the user name."),
            Why.RECIPIENT: _("The server refused the address that the mail was for."),
            Why.REFUSED: _("The server refused the mail. Your mail provider can say why."),
            Why.NONSENSE: _("The server broke off in the middle. Check the port and the kind of encryption."),
        }.get(Why(reason), "")
        if reason
        else ""
    )


def field_of(reason: Why) -> str:
    """The field of the form that a reason is about."""
    fields = {Why.PORT: "port", Why.TLS: "security", Why.NO_TLS: "security", Why.NONSENSE: "security"}
    fields |= {Why.LOGIN: "password", Why.SENDER: "from_address", Why.REFUSED: "", Why.RECIPIENT: ""}
    return fields.get(reason, "host")
