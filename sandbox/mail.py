"""Every mail sent to this machine's SMTP port is caught and kept; none is sent on."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.wrappers import Request, Response

from sandbox import ids, templating, times
from sandbox.answers import json_answer, refuse
from sandbox.store import Document, Store
from sandbox.world import World

MOST_BYTES = 5_000_000
HTML_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
PAGE_POLICY = templating.CONTENT_POLICY + "; frame-src 'self'"


class Catcher:
    """Keeps what SMTP brings."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        content = envelope.content
        keep(self._store, content if isinstance(content, bytes) else (content or "").encode(), list(envelope.rcpt_tos))
        return "250 Message kept"


class Mailbox(Controller):
    """The SMTP server."""

    def __init__(self, store: Store, port: int, host: str) -> None:
        super().__init__(Catcher(store), hostname=host, port=port, ready_timeout=10)

    def factory(self) -> SMTP:
        # The loop is handed on: otherwise every connection would make, and leak, a loop of its own.
        return SMTP(
            self.handler, loop=self.loop, data_size_limit=MOST_BYTES, enable_SMTPUTF8=True, hostname="localhost"
        )


def keep(store: Store, raw: bytes, recipients: list[str]) -> Document:
    """One mail as a document; `to` is who SMTP said it is for, hidden copies included."""
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)
    at = times.now()
    mail: Document = {
        "id": ids.token(16),
        "at": times.iso(at),
        "from": str(message.get("From", "")),
        "to": recipients,
        "subject": str(message.get("Subject", "")),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "headers": {name: str(value) for name, value in message.items()},
    }
    store.add("mail", mail["id"], mail, at=at)
    return mail


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    content = part.get_content()
    return content if isinstance(content, str) else ""


def found(store: Store, to: str) -> list[Document]:
    """Mails newest first; `to` is a whole address, whatever its case, or nothing for all."""
    wanted = to.strip().lower()
    mails = store.find("mail", limit=-1 if wanted else 200)
    return [mail for mail in mails if not wanted or wanted in (address.lower() for address in mail["to"])]


def as_json(world: World, request: Request) -> Response:
    return json_answer(found(world.store, request.args.get("to", "")))


def index(world: World, request: Request) -> Response:
    to = request.args.get("to", "")
    return templating.page("mails.html", mails=found(world.store, to), to=to, smtp_port=world.smtp_port)


def show(world: World, request: Request, id_: str) -> Response:
    return templating.page("mail.html", policy=PAGE_POLICY, mail=_mail(world, id_))


def html(world: World, request: Request, id_: str) -> Response:
    response = Response(_mail(world, id_)["html"], content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = HTML_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _mail(world: World, id_: str) -> Document:
    mail = world.store.get("mail", id_)
    if mail is None:
        raise refuse(404, "Mail not found")
    return mail
