"""A customer's mail server on loopback: with or without TLS, wants a password, refuses what a test says."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USERNAME, PASSWORD = "mailer@acme.test", "a mail password"


@dataclass
class MailServer:
    """Mails that were taken, and what is refused from now on: an SMTP answer by step ("MAIL", "RCPT", "DATA")."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    sessions: int = 0

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, name: str, says: list[str]) -> Any:
        self.sessions += 1
        session.host_name = name
        return says

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if not session.authenticated:
            return "530 Say who you are first"
        if "MAIL" in self.refuses:
            return self.refuses["MAIL"]
        envelope.mail_from = address
        self.senders.append(address)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if "RCPT" in self.refuses:
            return self.refuses["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.refuses:
            return self.refuses["DATA"]
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append(BytesParser(EmailMessage, policy=policy.default).parsebytes(content))
        return "250 Taken"


@contextmanager
def running(*, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """A server at a port of its own; TLS from the start, or by STARTTLS, or none."""
    handler = MailServer()

    def authenticated(server: Any, session: Any, envelope: Any, mechanism: str, said: Any) -> AuthResult:
        ok = isinstance(said, LoginPassword) and (said.login, said.password) == (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=ok, handled=False)

    class Port(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                self.handler,
                loop=self.loop,
                hostname="localhost",
                authenticator=authenticated,
                auth_require_tls=False,
                tls_context=starttls,
                require_starttls=starttls is not None,
            )

        def _trigger_server(self) -> None:
            # Any free port: which one is known once it listens.
            self.port = handler.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    controller = Port(handler, hostname="127.0.0.1", port=0, ready_timeout=10, ssl_context=tls)
    controller.start()
    handler.sessions = 0
    try:
        yield handler
    finally:
        controller.stop()
