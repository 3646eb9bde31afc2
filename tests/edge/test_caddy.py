"""The real Caddy in front of the running portal: who gets a certificate, what comes through, and what never does."""

import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domains import certificates
from domains.certificates import NoCertificate, Why
from stack import environment
from tests.edge import scanner
from tests.edge.recorder import Recorder
from tests.support import front, issued, live
from tests.support.front import Front
from tests.support.issued import Authority
from tests.support.live import Live

pytestmark = [
    pytest.mark.flow,
    pytest.mark.xdist_group("edge"),
    pytest.mark.skipif(front.PROGRAM is None and not front.REQUIRED, reason="Caddy is not installed"),
]
ACME, GLOBEX = "acme.portal.localhost", "globex.portal.localhost"
OPEN = """
from agencies.models import Agency
from agencies.opening import open_agency
from people.models import User
for slug, company in (("acme", "Acme Voice"), ("globex", "Globex"), ("harbour", "Harbour Calls")):
    open_agency(slug=slug, company_name=company, owner=User.objects.create_user(f"{slug}@owner.test"))
"""
CLAIM = """
from agencies.models import Agency
from domains import verification
verification.claim(agency_id=Agency.objects.get(slug="globex").pk, typed="{name}")
"""
REFRESH = """
from django.utils import timezone
from domains import verification
from domains.dns import from_settings
from domains.models import Domain
verification.refresh(domain_id=Domain.objects.get(domain="{name}").pk, dns=from_settings(), now=timezone.now())
"""
RELEASE = """
from domains import verification
from domains.models import Domain
verification.release(domain_id=Domain.objects.get(domain="{name}").pk)
"""
STATES = ("pending", "verified", "active", "failing", "lost", "released")


@pytest.fixture(scope="module")
def https() -> int:
    return environment.find_free().web


@pytest.fixture(scope="module")
def caddys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("caddy")


@pytest.fixture(scope="module")
def product(https: int, caddys_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The web server as it runs behind Caddy, with two agencies."""
    with live.running(
        tmp_path_factory.mktemp("edge") / "var",
        redis=10,
        names=("sandbox", "web"),
        PUBLIC_SCHEME="https",
        PUBLIC_PORT=str(https),
        TRUSTED_PROXY_COUNT="1",
        CERTIFICATE_PROBE=f"127.0.0.1:{https}",
        SSL_CERT_FILE=str(caddys_folder / front.AUTHORITIES),
    ) as running:
        running.manage("shell", "--no-imports", "-c", OPEN)
        yield running


@pytest.fixture(scope="module")
def caddy(product: Live, https: int, caddys_folder: Path) -> Iterator[Front]:
    for state in STATES:
        own(product, f"{state}.acme.test", state)
    portal = f"127.0.0.1:{product.ports.web}"
    with front.running(caddys_folder, portal=portal, https=https) as running:
        yield running


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder() as running:
        yield running


@pytest.fixture(scope="module")
def recorded(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Another Caddy, in front of a server that keeps what it is asked."""
    with front.running(tmp_path_factory.mktemp("recorded"), portal=f"127.0.0.1:{recorder.port}") as running:
        yield running


def own(product: Live, name: str, state: str, slug: str = "acme") -> None:
    """A row as it is after its way to this state."""
    product.query(
        "INSERT INTO domains_domain (domain, tenant_id, kind, state, is_primary, is_preferred, created_at, token,"
        " proved_by, misses, finding) SELECT %s, id, 'custom', %s, false, false, now(), %s, 'cname', 0, '{}'"
        " FROM agencies_agency WHERE slug = %s RETURNING 1",
        name,
        state,
        name.replace(".", "")[:40],
        slug,
    )


def make_primary(product: Live, name: str) -> None:
    """As it is once its certificate has been seen."""
    agency = "tenant_id = (SELECT tenant_id FROM domains_domain WHERE domain = %s)"
    product.query(f"UPDATE domains_domain SET is_primary = false WHERE {agency} RETURNING 1", name)
    product.query("UPDATE domains_domain SET is_primary = true WHERE domain = %s RETURNING 1", name)


# --- Certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["verified", "active", "failing"])
def test_a_domain_that_is_served_gets_a_certificate_and_leads_to_its_agencys_primary_host(
    state: str, caddy: Front
) -> None:
    answer = caddy.ask(f"{state}.acme.test", "/account/login/")
    assert (answer.status_code, answer.headers["location"]) == (308, f"https://{ACME}:{caddy.https}/account/login/")
    assert "Acme Voice" in caddy.ask(ACME, "/account/login/").text


def test_a_domain_that_is_primary_shows_its_agencys_brand(product: Live, caddy: Front) -> None:
    own(product, "voice.harbour.test", "active", "harbour")
    make_primary(product, "voice.harbour.test")
    shown = caddy.ask("voice.harbour.test", "/account/login/")
    assert (shown.status_code, "Harbour Calls" in shown.text, "Acme" in shown.text) == (200, True, False)


@pytest.mark.parametrize("name", ["pending.acme.test", "lost.acme.test", "released.acme.test", "unknown.test"])
def test_any_other_name_gets_none(name: str, caddy: Front) -> None:
    assert not caddy.has_certificate(name)


@pytest.mark.parametrize(
    "name", ["sub.verified.acme.test", "acme.test", "a.acme.portal.localhost", "xportal.localhost"]
)
def test_a_name_that_looks_like_one_of_ours_gets_none(name: str, caddy: Front) -> None:
    assert not caddy.has_certificate(name)


def test_who_names_nobody_gets_none(caddy: Front) -> None:
    blind = caddy.trusting()
    blind.check_hostname = False
    with pytest.raises(ssl.SSLError, match="INTERNAL_ERROR"):
        caddy.shake_hands(None, blind)


def test_a_domain_goes_its_whole_way_from_the_claim_to_the_release(product: Live, caddy: Front) -> None:
    name = "portal.oak.test"
    product.manage("shell", "--no-imports", "-c", CLAIM.format(name=name))
    product.sandbox("POST", "dns/zones", name="oak.test")
    assert not caddy.has_certificate(name)
    ((token,),) = product.query("SELECT token FROM domains_domain WHERE domain = %s", name)
    record = {"kind": "CNAME", "value": f"{token}.connect.localhost"}
    product.sandbox("PUT", "dns/records", name=name, records=[record])
    for state in ("verified", "active"):
        product.manage("shell", "--no-imports", "-c", REFRESH.format(name=name))
        assert product.query("SELECT state FROM domains_domain WHERE domain = %s", name) == [(state,)]
    assert "Globex" in caddy.ask(name, "/account/login/").text
    moved = caddy.ask(GLOBEX, "/account/login/?next=%2F")
    assert (moved.status_code, moved.headers["location"]) == (
        308,
        f"https://{name}:{caddy.https}/account/login/?next=%2F",
    )
    product.manage("shell", "--no-imports", "-c", RELEASE.format(name=name))
    assert caddy.ask(name, "/account/login/").status_code == 404
    assert "Globex" in caddy.ask(GLOBEX, "/account/login/").text


def test_the_permission_goes_at_once(product: Live, caddy: Front) -> None:
    own(product, "short.acme.test", "verified")
    product.query("UPDATE domains_domain SET state = 'lost' WHERE domain = 'short.acme.test' RETURNING 1")
    assert not caddy.has_certificate("short.acme.test")
    product.query("UPDATE domains_domain SET state = 'verified' WHERE domain = 'short.acme.test' RETURNING 1")
    assert caddy.has_certificate("short.acme.test")


def test_all_slugs_share_one_certificate_which_nobody_is_asked_for(product: Live, caddy: Front) -> None:
    found = set()
    for host in (ACME, GLOBEX, "nobody.portal.localhost"):
        with caddy.shake_hands(host) as secured:
            found.add(secured.getpeercert(binary_form=True))
            told = secured.getpeercert() or {}
            assert told["subjectAltName"] == (("DNS", "*.portal.localhost"),)
    assert len(found) == 1
    assert caddy.ask("nobody.portal.localhost").status_code == 404


@pytest.mark.parametrize("host", ["portal.localhost", "operators.localhost"])
def test_our_own_hosts_have_theirs(host: str, caddy: Front) -> None:
    assert caddy.ask(host, "/healthz").status_code in (200, 302)


# --- The portal's own look at a certificate ---------------------------------------------------------------------------


def look(caddy: Front, name: str, **more: Any) -> certificates.Seen:
    return certificates.look(name, address="127.0.0.1", port=caddy.https, **{"authorities": caddy.authorities} | more)


def test_the_portal_sees_what_a_visitor_sees(caddy: Front) -> None:
    seen = look(caddy, "verified.acme.test")
    assert seen.issuer.startswith("Caddy Local Authority")
    assert datetime.now(UTC) < seen.not_after < datetime.now(UTC) + timedelta(days=2)


def test_the_portal_sees_that_there_is_none(caddy: Front) -> None:
    with pytest.raises(NoCertificate) as caught:
        look(caddy, "pending.acme.test")
    assert caught.value.why is Why.REFUSED


def test_the_portal_takes_no_certificate_of_a_ca_that_browsers_do_not_know(caddy: Front) -> None:
    with pytest.raises(NoCertificate) as caught:
        look(caddy, "verified.acme.test", authorities=None)
    assert caught.value.why is Why.NOT_TRUSTED


# --- How it is spoken -------------------------------------------------------------------------------------------------


def test_http_2_is_spoken(caddy: Front) -> None:
    for host, status in ((ACME, 200), ("verified.acme.test", 308)):
        answer = caddy.ask(host, "/account/login/", http2=True)
        assert (answer.http_version, answer.status_code) == ("HTTP/2", status)


def test_http_3_is_offered_and_answered(caddy: Front) -> None:
    assert f'h3=":{caddy.https}"' in caddy.ask(ACME, "/account/login/").headers["alt-svc"]
    # A version that there is none of: who speaks QUIC answers with the versions there are.
    unknown = bytes([0xC0]) + bytes.fromhex("1a2a3a4a") + b"\x08destined\x08sourceid"
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(10)
        datagrams.sendto(unknown.ljust(1200, b"\0"), ("127.0.0.1", caddy.https))
        offered = datagrams.recv(1500)
    assert offered[1:5] == b"\0\0\0\0", "a version negotiation"
    versions = offered[23:]
    assert b"\x00\x00\x00\x01" in [versions[at : at + 4] for at in range(0, len(versions), 4)]


@pytest.mark.parametrize(
    ("highest", "works"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("host", ["verified.acme.test", ACME, "portal.localhost"])
def test_tls_begins_at_1_2(host: str, highest: ssl.TLSVersion, works: bool, caddy: Front) -> None:
    context = caddy.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = highest
    if works:
        caddy.shake_hands(host, context).close()
    else:
        with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
            caddy.shake_hands(host, context)


@pytest.mark.parametrize("host", ["verified.acme.test", ACME, "portal.localhost", "unknown.test"])
def test_plain_http_leads_to_https_and_nowhere_else(host: str, caddy: Front) -> None:
    answer = caddy.ask_in_the_clear(host, "/a/b/?c=d&e=%2F")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"https://{host}/a/b/?c=d&e=%2F"


@pytest.mark.parametrize(
    ("host", "below"),
    [("verified.acme.test", ""), (ACME, "; includeSubDomains"), ("portal.localhost", "; includeSubDomains")],
)
def test_every_page_says_once_that_it_is_https_alone(host: str, below: str, caddy: Front) -> None:
    found = caddy.ask(host, "/account/login/").headers.get_list("strict-transport-security")
    assert found == [f"max-age=31536000{below}"]


@pytest.mark.parametrize("path", ["/account/login/", "/no-such-page", "/internal/", "/healthz"])
def test_nobody_says_what_runs_here(path: str, caddy: Front) -> None:
    for answer in (caddy.ask(ACME, path), caddy.ask("verified.acme.test", path), caddy.ask_in_the_clear(ACME, path)):
        assert not {"server", "via", "x-powered-by"} & set(answer.headers)


# --- What comes through -----------------------------------------------------------------------------------------------

FORGED = {
    "X-Forwarded-Host": "forged.test",
    "x-forwarded_host": "forged.test",
    "X_Forwarded_Host": "forged.test",
    "X-Forwarded-For": "203.0.113.9",
    "X_Forwarded_For": "203.0.113.9",
    "x-forwarded_for": "203.0.113.9",
    "X_Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "forged",
    "X_Forwarded_Proto": "forged",
    "X-Forwarded_Proto": "forged",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=forged.test",
}


HOP_BY_HOP = {"Connection": "X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host"}


@pytest.mark.parametrize(("http2", "more"), [(False, {}), (False, HOP_BY_HOP), (True, {})])
def test_caddy_alone_says_who_asks_and_how(
    http2: bool, more: dict[str, str], recorded: Front, recorder: Recorder
) -> None:
    recorded.ask(ACME, "/who", headers={**FORGED, **more}, http2=http2)
    arrived = recorder.arrived("/who")
    told = sorted((name, value) for name, value in arrived if "forward" in name.lower() or "real" in name.lower())
    assert told == [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https")]
    assert not [value for _name, value in arrived if "forged" in value or "203.0.113.9" in value]
    assert [value for name, value in arrived if name.lower() == "host"] == [ACME]


def test_a_forged_host_changes_nothing_of_the_page(caddy: Front) -> None:
    answer = caddy.ask(
        ACME, "/account/login/", headers={**FORGED, "X-Forwarded-Host": GLOBEX, "X_Forwarded_Host": GLOBEX}
    )
    assert "Acme Voice" in answer.text
    assert "Globex" not in answer.text


@pytest.mark.parametrize("said", ["127.0.0.1", "127.0.0.1:80", "localhost"])
@pytest.mark.parametrize("path", ["/internal/tls-allowed?domain=verified.acme.test", "/healthz"])
def test_the_internal_address_cannot_be_named_from_outside(said: str, path: str, caddy: Front) -> None:
    assert caddy.ask(ACME, path, said=said).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/internal",
        "/internal/tls-allowed?domain=verified.acme.test",
        "/INTERNAL/tls-allowed",
        "//internal/tls-allowed",
        "/%69nternal/tls-allowed",
        "/x/../internal/tls-allowed",
        "/x/%2e%2e/internal/tls-allowed",
        "/./internal/tls-allowed",
    ],
)
def test_nothing_below_internal_comes_through(path: str, recorded: Front, recorder: Recorder) -> None:
    before = len(recorder.requests)
    assert recorded.ask(ACME, path).status_code == 404
    assert recorder.requests[before:] == []


def test_what_hms_reports_goes_to_the_process_that_may_wait(
    recorder: Recorder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And nothing else does, so that no page waits behind a client's slow endpoint."""
    pages = f"127.0.0.1:{recorder.port}"
    with (
        Recorder() as hooks,
        front.running(tmp_path_factory.mktemp("hooks"), portal=pages, hooks=f"127.0.0.1:{hooks.port}") as running,
    ):
        for path in ("/api/webhooks/hms/abc", "/api/webhooks/stripe/acme", "/api/webhooks/hms", "/"):
            running.ask("portal.localhost", path, method="POST", content=b"{}", headers={"X-Forwarded-Host": "evil"})
        assert [path for path, _head in hooks.requests] == ["/api/webhooks/hms/abc"]
        assert not {"evil"} & {value for _name, value in hooks.requests[0][1]}


@pytest.mark.parametrize("told", [True, False])
def test_a_body_beyond_all_measure_is_refused(told: bool, recorded: Front) -> None:
    body = b"x" * 1_100_000
    for http2 in (False, True):
        answer = recorded.ask(ACME, "/", method="POST", content=body if told else iter([body]), http2=http2)
        assert (answer.status_code, "more than can be sent" in answer.text) == (413, True)


@pytest.mark.parametrize("path", ["/knowledge/", "/agencies/acme/clients/1/organization/knowledge/"])
def test_documents_may_be_larger_than_anything_else(path: str, recorded: Front) -> None:
    for size, below, status in ((5_500_000, "", 200), (6_500_000, "", 413), (1_100_000, "try/", 413)):
        answer = recorded.ask(ACME, path + below, method="POST", content=b"x" * size)
        assert answer.status_code == status, (size, below)


def test_a_head_beyond_all_measure_is_refused(caddy: Front) -> None:
    assert caddy.ask(ACME, "/account/login/", headers={"X-Long": "x" * 40_000}).status_code == 431


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A Caddy in front of nobody."""
    with front.running(tmp_path_factory.mktemp("alone"), portal=f"127.0.0.1:{environment.find_free().web}") as running:
        yield running


def test_while_the_portal_starts_again_a_request_waits_for_it(alone: Front) -> None:
    with alone.shake_hands(ACME) as secured:
        secured.sendall(f"GET /late HTTP/1.1\r\nHost: {ACME}\r\n\r\n".encode())
        secured.settimeout(0.3)
        with pytest.raises(TimeoutError):
            secured.recv(1)
        secured.settimeout(20)
        with Recorder(port=alone.portal_port) as late:
            assert secured.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert late.arrived("/late")


def test_without_the_portal_no_name_gets_a_certificate_and_pages_say_so_kindly(alone: Front) -> None:
    assert not alone.has_certificate("verified.acme.test")
    answer = alone.ask(ACME)
    assert (answer.status_code, answer.headers["cache-control"]) == (502, "no-store")
    assert "try again in a minute" in answer.text
    assert "server" not in answer.headers


# --- What somebody else finds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["verified.acme.test", ACME, "portal.localhost"])
def test_sslyze_finds_nothing_below_tls_1_2_and_nothing_that_mozilla_advises_against(
    host: str, caddy: Front, tmp_path: Path
) -> None:
    is_good, found = scanner.scan(host, port=caddy.https, authorities=caddy.authorities, folder=tmp_path)
    assert scanner.versions(found) == {"tls_1_2", "tls_1_3"}
    assert all(re.search("_(GCM|POLY1305)_", suite) for suite in scanner.suites(found))
    assert is_good


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_sslyze_would_find_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with issued.shown(authority.issue("old.test"), lowest=ssl.TLSVersion.TLSv1) as port:
        is_good, found = scanner.scan("old.test", port=port, authorities=authority.root, folder=tmp_path)
    assert "tls_1_0" in scanner.versions(found)
    assert not is_good
