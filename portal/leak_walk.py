"""Walks everything that a visitor of an agency's portal and a reader of its mails gets, and collects foreign names.

Pages are the real answers of the portal under its primary host, with their headers and the files they load; mails are
written as they are sent; what Checkout shows is asked of Stripe.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from agencies.models import Agency
from billing import stripe_gateway
from billing.stripe_shapes import StripeAccount, StripeFailed
from branding import leaks, mail_servers
from branding.leaks import Finding, Name
from domains import links
from portal import mail_samples, mailing, rendering
from vault import connections

PATHS = (
    "/",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/nothing-is-here/",
    "/api/v1/openapi.json",
)
# Its whole purpose is to name where Checkout lives and what else a browser may ask.
_NOT_READ = {"content-security-policy"}
_READER = "client@example.com"
_LOADED = re.compile(r"""<(?:link|script|img)\b[^>]*?(?:href|src)="([^"]+)\"""")
_TEXT = (".css", ".js", ".svg", ".json")
# Examples and formats are nobody's name.
_NOBODYS = frozenset({"example.com", "www.w3.org", "json-schema.org", "spec.openapis.org"})


# A platform that has no other name has none that could show.
_PLAIN_WORDS = frozenset({"portal"})


@dataclass(slots=True)
class Walk:
    """What was found, and the keys of what could not be looked at."""

    findings: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is the agency's own, and what is not."""

    host: str
    names: tuple[Name, ...]
    own: tuple[str, ...]
    hosts: frozenset[str]

    def scan(self, place: str, text: str, *, looks_at_links: bool = True) -> list[Finding]:
        hosts = self.hosts if looks_at_links else frozenset[str]()
        return leaks.scan(place, text, names=self.names, own=self.own, hosts=hosts)


def walk(agency: Agency, note: Callable[[int, int], None]) -> Walk:
    """Look at every place, and `note` how many of how many are done. To be called outside of any transaction."""
    known, walked = _known(agency), Walk()
    steps: list[Callable[[], Iterator[Finding]]] = [lambda: _address(agency, known)]
    steps += [lambda path=path: _page(known, path) for path in PATHS]  # type: ignore[misc]
    steps += [lambda: _files(known)]
    steps += [lambda key=key: _mail(agency, known, key) for key in mail_samples.SAMPLES]  # type: ignore[misc]
    steps += [lambda: _checkout(agency, known, walked)]
    for done, step in enumerate(steps):
        note(done, len(steps))
        walked.findings += step()
    note(len(steps), len(steps))
    return walked


def _known(agency: Agency) -> _Known:
    brand, host = agency.branding, str(urlsplit(links.portal(agency.pk)).hostname)
    server = mail_servers.of(agency.pk)
    legal = [brand.privacy_url, brand.terms_url, brand.imprint_url]
    hosts = {host, *_NOBODYS, *(str(urlsplit(url).hostname) for url in legal if url)}
    own = [brand.company_name, host, brand.support_email, server.from_address if server else ""]
    return _Known(host, tuple(_foreign_names()), tuple(name for name in own if name), frozenset(hosts))


def _foreign_names() -> Iterator[Name]:
    """Who stands behind a portal, and where."""
    if settings.PLATFORM_NAME.casefold() not in _PLAIN_WORDS:
        yield Name(settings.PLATFORM_NAME, "platform", is_case_sensitive=True)
    yield from (Name(text, "provider") for text in ("HMS", "HMS Sovereign", "hmsovereign", "hmsovereign.com"))
    machines = [urlsplit(url).hostname or "" for url in (settings.HMS_API_URL, settings.HMS_WEB_CALL_URL)]
    yield from (Name(host, "provider") for host in machines if _is_a_name(host))
    ours = (settings.PLATFORM_HOST, settings.OPERATOR_HOST, settings.DOMAIN_TARGET_BASE)
    yield from (Name(host, "address") for host in ours if _is_a_name(host))


def _is_a_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host
    return False


def _address(agency: Agency, known: _Known) -> Iterator[Finding]:
    """The portal's own host: without a domain of the agency's, every page is under the platform's name."""
    if known.host.endswith(f".{settings.PLATFORM_HOST}"):
        yield Finding("", 0, "own_domain", settings.PLATFORM_HOST, known.host)


def _page(known: _Known, path: str) -> Iterator[Finding]:
    page = rendering.page(known.host, path)
    yield from known.scan(path, page.text)
    for name, value in page.headers.items():
        if name.lower() not in _NOT_READ:
            yield from known.scan(f"{path} · {name}", value, looks_at_links=name.lower() == "location")


def _files(known: _Known) -> Iterator[Finding]:
    """What the pages load: stylesheets, scripts and the icon, each once."""
    loaded = {path: None for page in PATHS[:3] for path in _LOADED.findall(rendering.page(known.host, page).text)}
    for path in loaded:
        if path.startswith("/") and path.partition("?")[0].endswith(_TEXT):
            yield from known.scan(path, rendering.page(known.host, path).text, looks_at_links=False)
        elif path.startswith("/static/icons/"):
            yield Finding(path, 0, "icon", path, "")


def _mail(agency: Agency, known: _Known, key: str) -> Iterator[Finding]:
    """One kind of mail: subject, text, HTML, and the headers as they are sent."""
    letter = mail_samples.written(agency, key, to=_READER)
    place = f"mail:{key}"
    yield from known.scan(f"{place}:subject", str(letter.subject))
    yield from known.scan(f"{place}:text", str(letter.body))
    for html, _kind in letter.alternatives:
        yield from known.scan(f"{place}:html", str(html))
    if key == next(iter(mail_samples.SAMPLES)):
        yield from _headers(agency, known, letter)


def _headers(agency: Agency, known: _Known, letter: EmailMultiAlternatives) -> Iterator[Finding]:
    """The same for every mail: who it is from. The platform's server sends from the platform's address."""
    own = mail_servers.of(agency.pk)
    if own is None:
        yield Finding("mail", 0, "sender", letter.from_email, letter.from_email)
        return
    for line in mailing.as_sent_by(own, letter).split(b"\r\n\r\n", 1)[0].decode().split("\r\n"):
        name, _colon, value = line.partition(": ")
        if name in ("From", "Reply-To", "Message-ID", "Sender", "Return-Path"):
            yield from known.scan(f"mail:{name}", value, looks_at_links=False)


def _checkout(agency: Agency, known: _Known, walked: Walk) -> Iterator[Finding]:
    """The names that Stripe shows on its page, on receipts and on card statements."""
    account = _account(agency)
    if account is None or not account.id:
        walked.unseen.append("checkout")
        return
    company = agency.branding.company_name
    if account.name and not leaks.same_name(account.name, company):
        yield Finding("checkout", 0, "checkout", account.name, account.name)
    if account.statement_name and not leaks.same_name(account.statement_name, company[:22]):
        yield Finding("checkout", 0, "statement", account.statement_name, account.statement_name)
    yield from known.scan("checkout", f"{account.name}\n{account.statement_name}", looks_at_links=False)


def _account(agency: Agency) -> StripeAccount | None:
    try:
        return stripe_gateway.check_account(connections.stripe_secret_key(agency.pk))
    except (connections.NotConnected, StripeFailed):
        return None
