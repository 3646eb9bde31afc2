"""The name server: zones as providers keep them, the two views, and trouble on demand."""

import itertools
import re

import dns.flags
import dns.message
import dns.query
import dns.rcode
import httpx
import pytest

numbers = itertools.count(1)


@pytest.fixture
def zone(sandbox):
    name = f"zone{next(numbers)}.test"
    sandbox.post("/dns/zones", name=name)
    return name


@pytest.fixture
def record(sandbox):
    def made(name, kind, value, **more):
        return sandbox.post("/dns/records", name=name, kind=kind, value=value, **more)

    return made


@pytest.fixture
def ask(sandbox):
    """An answer over UDP, as a resolver gives it; `public=False` asks the zone's own server."""

    def asked(name, kind, *, public=True, unchecked=False, over=dns.query.udp, to=None):
        flags = (dns.flags.RD if public else 0) | (dns.flags.CD if unchecked else 0)
        query = dns.message.make_query(name, kind, flags=flags)
        return over(query, "127.0.0.1", port=to or sandbox.dns_port, timeout=5)

    return asked


def values(answer):
    """The answer section as (owner, kind, value)."""
    return [tuple(line.split(" ", 4)[i] for i in (0, 3, 4)) for line in lines(answer)]


def lines(answer):
    return [line for rrset in answer.answer for line in rrset.to_text().splitlines()]


@pytest.mark.parametrize("over", [dns.query.udp, dns.query.tcp])
def test_a_record_is_answered_over_both_transports(record, ask, zone, over):
    record(f"a.{zone}", "A", "203.0.113.5")
    answer = ask(f"A.{zone}", "A", over=over)
    assert values(answer) == [(f"A.{zone}.", "A", "203.0.113.5")]
    assert answer.flags & dns.flags.RA


def test_the_public_follows_a_cname_across_zones_and_a_zone_does_not(record, ask, zone):
    record(f"a.{zone}", "CNAME", "elsewhere.other.test")
    record("elsewhere.other.test", "A", "203.0.113.6")
    assert [value for *_, value in values(ask(f"a.{zone}", "A"))] == ["elsewhere.other.test.", "203.0.113.6"]
    own = ask(f"a.{zone}", "A", public=False)
    assert [value for *_, value in values(own)] == ["elsewhere.other.test."]
    assert own.flags & dns.flags.AA


def test_a_zone_has_a_start_and_a_name_server_here(ask, zone):
    assert values(ask(zone, "NS")) == [(f"{zone}.", "NS", f"ns1.{zone}.")]
    assert values(ask(f"ns1.{zone}", "A")) == [(f"ns1.{zone}.", "A", "127.0.0.1")]
    assert values(ask(zone, "SOA"))[0][1] == "SOA"


def test_a_record_brings_its_zone_with_it(record, ask):
    record("portal.brought.test", "A", "203.0.113.5")
    assert values(ask("brought.test", "SOA"))


def test_a_name_that_is_not_there_and_a_kind_that_is_not_there_differ(record, ask, zone):
    record(f"deep.a.{zone}", "TXT", "hello")
    missing, empty, between = ask(f"b.{zone}", "A"), ask(f"deep.a.{zone}", "A"), ask(f"a.{zone}", "A")
    assert missing.rcode() == dns.rcode.NXDOMAIN
    assert (empty.rcode(), between.rcode()) == (dns.rcode.NOERROR, dns.rcode.NOERROR)
    assert [str(rrset.name) for one in (missing, empty) for rrset in one.authority] == [f"{zone}."] * 2


def test_outside_its_zones_it_knows_nothing(ask):
    assert ask("nobody.nowhere", "A").rcode() == dns.rcode.NXDOMAIN
    assert ask("nobody.nowhere", "A", public=False).rcode() == dns.rcode.REFUSED


def test_a_wildcard_answers_for_what_is_not_there(record, ask, zone):
    record(f"*.{zone}", "A", "203.0.113.7")
    record(f"own.{zone}", "TXT", "x")
    assert values(ask(f"any.{zone}", "A")) == [(f"any.{zone}.", "A", "203.0.113.7")]
    assert values(ask(f"own.{zone}", "A")) == []


def test_an_alias_is_answered_with_addresses_and_a_proxied_record_with_the_proxys(record, ask, zone):
    record(zone, "ALIAS", "x.connect.localhost")
    record(f"p.{zone}", "CNAME", "x.connect.localhost", proxied=True)
    assert values(ask(zone, "A")) == [(f"{zone}.", "A", "127.0.0.1")]
    assert values(ask(f"p.{zone}", "A")) == [(f"p.{zone}.", "A", "104.16.0.1")]
    assert values(ask(f"p.{zone}", "CNAME")) == []


def test_the_ingress_leads_to_this_machine_with_all_below_it(ask):
    for name in ("connect.localhost", "token.connect.localhost"):
        assert values(ask(name, "A")) == [(f"{name}.", "A", "127.0.0.1")]


def test_a_long_text_is_cut_into_strings_and_fetched_over_tcp(record, ask, zone):
    record(zone, "TXT", 'é"\\' + "x" * 2000)
    assert ask(zone, "TXT").flags & dns.flags.TC
    whole = ask(zone, "TXT", over=dns.query.tcp).answer[0][0]
    assert b"".join(whole.strings) == 'é"\\'.encode() + b"x" * 2000


def test_records_of_a_name_are_replaced_at_once(sandbox, record, ask, zone):
    record(f"a.{zone}", "A", "203.0.113.5")
    changes = {"name": f"a.{zone}", "records": [{"kind": "CNAME", "value": "b.test"}]}
    assert httpx.put(f"{sandbox.url}/_sandbox/dns/records", json=changes).is_success
    assert [kind for _, kind, _ in values(ask(f"a.{zone}", "A"))] == ["CNAME"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a..b", "kind": "A", "value": "203.0.113.5"},
        {"name": "a.test", "kind": "MX", "value": "10 b.test"},
        {"name": "a.test", "kind": "A", "value": "300.0.0.1"},
        {"name": "a.test", "kind": "A"},
        {"name": "a.test", "kind": "CAA", "value": "letsencrypt.org"},
    ],
)
def test_what_could_stand_in_no_zone_is_refused(sandbox, body):
    answer = httpx.post(f"{sandbox.url}/_sandbox/dns/records", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


# --- Trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rcode"),
    [("nxdomain", dns.rcode.NXDOMAIN), ("servfail", dns.rcode.SERVFAIL), ("refused", dns.rcode.REFUSED)],
)
def test_trouble_holds_for_a_name_and_below_in_its_view_until_it_is_ended(sandbox, record, ask, zone, kind, rcode):
    record(f"a.{zone}", "A", "203.0.113.5")
    sandbox.post("/dns/faults", name=zone, kind=kind, view="public")
    assert ask(f"a.{zone}", "A").rcode() == rcode
    assert values(ask(f"a.{zone}", "A", public=False))
    httpx.delete(f"{sandbox.url}/_sandbox/dns/faults", params={"name": zone})
    assert values(ask(f"a.{zone}", "A"))


def test_bogus_signatures_are_seen_by_who_checks_them(sandbox, record, ask, zone):
    record(f"a.{zone}", "A", "203.0.113.5")
    sandbox.post("/dns/faults", name=zone, kind="bogus")
    assert ask(f"a.{zone}", "A").rcode() == dns.rcode.SERVFAIL
    assert values(ask(f"a.{zone}", "A", unchecked=True))
    assert values(ask(f"a.{zone}", "A", public=False))


def test_silence_says_nothing(sandbox, zone):
    sandbox.post("/dns/faults", name=zone, kind="silence")
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(dns.message.make_query(zone, "A"), "127.0.0.1", port=sandbox.dns_port, timeout=0.2)


def test_garbage_begins_where_it_is_told(sandbox, ask, zone):
    sandbox.post("/dns/faults", name=zone, kind="garbage", hex="ff", offset=0)
    with pytest.raises(dns.exception.FormError):
        ask(zone, "A")
    sandbox.post("/dns/faults", name=zone, kind="other-id")
    with pytest.raises(dns.query.BadResponse):
        ask(zone, "A")


def test_a_fault_that_nobody_knows_is_refused(sandbox):
    answer = httpx.post(f"{sandbox.url}/_sandbox/dns/faults", json={"name": "a.test", "kind": "fire"})
    assert (answer.status_code, "silence" in answer.text) == (400, True)


def test_what_was_asked_can_be_read(sandbox, ask, zone):
    ask(f"a.{zone}", "TXT", public=False)
    found = sandbox.get(f"/dns/questions?name={zone}")["questions"]
    assert found == [{"view": "zone", "name": f"a.{zone}", "kind": "TXT", "over": "udp", "unchecked": False}]


def test_noise_is_not_answered_and_breaks_nothing(sandbox, ask, zone):
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        for noise in (b"", b"x", b"\x00" * 12, b"\xff" * 512):
            wire.sendto(noise, ("127.0.0.1", sandbox.dns_port))
    assert ask(zone, "SOA").rcode() == dns.rcode.NOERROR


def test_records_survive_a_restart_and_trouble_does_not(start_sandbox, ask):
    first = start_sandbox()
    first.post("/dns/records", name="kept.test", kind="A", value="203.0.113.5")
    first.post("/dns/faults", name="kept.test", kind="servfail")
    assert first.stop() == 0
    second = start_sandbox()
    assert [value for *_, value in values(ask("kept.test", "A", to=second.dns_port))] == ["203.0.113.5"]


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_adds_and_removes_records_and_makes_trouble(sandbox, ask, zone):
    page = httpx.Client(base_url=sandbox.url, follow_redirects=True)
    with page:
        made = page.post("/do/dns/records", data={"name": f"a.{zone}", "kind": "CNAME", "value": "b.test"})
        assert f"a.{zone}<small>b.test</small>" in made.text
        assert values(ask(f"a.{zone}", "CNAME"))
        page.post("/do/dns/faults", data={"name": zone, "kind": "refused", "view": "both"})
        assert ask(f"a.{zone}", "CNAME").rcode() == dns.rcode.REFUSED
        page.post("/do/dns/faults/clear", data={"name": zone})
        row = re.search(rf"a\.{zone}<.*?/do/dns/records/(\w+)/remove", page.get("/dns").text, re.DOTALL)
        assert f"a.{zone}" not in page.post(f"/do/dns/records/{row[1]}/remove").text
        refused = page.post("/do/dns/records", data={"name": "a.test", "kind": "A", "value": "<b>"})
        assert (refused.status_code, "<b>" in refused.text) == (400, False)
