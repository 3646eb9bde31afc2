"""Questions to a real name server, and everything a hostile one could answer."""

import contextlib
import socket
import time
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from domains import dns, doctor
from domains.dns import Answer, Dns, NotValidated
from domains.exchange import NoAnswer, Why
from tests.support.dns_world import BASE, INGRESS


def test_a_zone_is_found_for_names_at_any_depth(names, zone) -> None:
    for name in (zone, f"portal.{zone}", f"a.b.c.{zone}"):
        assert names.dns().inquire(name).zone == zone


def test_a_zone_of_its_own_below_another_is_the_zone(names, zone) -> None:
    names.open_zone(f"eu.{zone}")
    assert names.dns().inquire(f"portal.eu.{zone}").zone == f"eu.{zone}"


def test_a_name_deeper_than_eight_labels_is_asked_about_no_further(names, zone) -> None:
    deep = "a.b.c.d.e.f.g.h.i.j." + zone
    assert dns.upwards(deep)[-1] == f"h.i.j.{zone}"
    assert len(dns.upwards(deep)) == dns.MOST_HOPS


def test_the_zones_own_servers_are_asked_without_recursion(names, zone) -> None:
    names.put(f"portal.{zone}", ("CNAME", f"x.{BASE}"))
    answer = names.dns().inquire(f"portal.{zone}").at_zone(f"portal.{zone}", "CNAME")
    assert answer == Answer(exists=True, aliases=(f"x.{BASE}",), records=(f"x.{BASE}",))
    assert [one["kind"] for one in names.questions(f"portal.{zone}") if one["view"] == "zone"] == ["CNAME"]


def test_a_name_server_at_a_private_address_is_never_asked(names, zone) -> None:
    names.put(f"portal.{zone}", ("CNAME", f"x.{BASE}"))
    inquiry = names.dns(may_ask_private=False).inquire(f"portal.{zone}")
    assert inquiry.ask(f"portal.{zone}", "CNAME").aliases == (f"x.{BASE}",)
    assert {one["view"] for one in names.questions(zone)} == {"public"}


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111"])
def test_an_address_of_the_open_internet_is_public(address) -> None:
    assert dns.is_public(address)


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
    ::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 2002:7f00:1::""".split(),
)
def test_no_other_address_is(address) -> None:
    assert not dns.is_public(address)


def test_an_answer_that_does_not_fit_is_fetched_over_tcp(names, zone) -> None:
    names.put(f"big.{zone}", *[("TXT", f"{number:03d}" + "x" * 200) for number in range(10)])
    inquiry = names.dns().inquire(f"big.{zone}")
    assert len(inquiry.in_public(f"big.{zone}", "TXT").records) == 10
    assert [one["over"] for one in names.questions(f"big.{zone}")] == ["udp", "tcp"]


def test_a_cut_answer_is_fetched_over_tcp(names, zone) -> None:
    names.put(f"portal.{zone}", ("CNAME", f"x.{BASE}"))
    names.trouble(zone, "truncated")
    assert names.dns().inquire(zone).ask(f"portal.{zone}", "CNAME").aliases == (f"x.{BASE}",)


def test_more_records_than_anybody_needs_are_left_out(names, zone) -> None:
    names.put(zone, *[("A", f"203.0.113.{number}") for number in range(1, 100)])
    assert len(names.dns().inquire(zone).in_public(zone, "A").records) == dns.MOST_RECORDS


def test_an_answer_of_more_than_sixteen_kilobytes_is_no_answer(names, zone) -> None:
    names.put(zone, *[("TXT", f"{number:03d}" + "x" * 250) for number in range(80)])
    with pytest.raises(NoAnswer) as caught:
        names.dns().inquire(zone).in_public(zone, "TXT")
    assert caught.value.why is Why.UNREADABLE


@pytest.mark.parametrize(("hops", "is_found"), [(8, True), (9, False)])
def test_a_chain_is_followed_for_eight_hops(names, zone, hops, is_found) -> None:
    for number in range(hops):
        names.put(f"n{number}.{zone}", ("CNAME", f"n{number + 1}.{zone}"))
    names.put(f"n{hops}.{zone}", ("A", "203.0.113.9"))
    found = names.dns().inquire(zone).in_public(f"n0.{zone}", "A").records
    assert found == (("203.0.113.9",) if is_found else ())


def test_a_loop_ends(names, zone) -> None:
    names.put(f"a.{zone}", ("CNAME", f"b.{zone}"))
    names.put(f"b.{zone}", ("CNAME", f"a.{zone}"))
    assert names.dns().inquire(zone).in_public(f"a.{zone}", "A") == Answer(exists=True, aliases=(f"b.{zone}",))


def test_only_checked_signatures_in_the_way_are_told_from_a_broken_zone(names, zone) -> None:
    names.trouble(zone, "bogus")
    with pytest.raises(NotValidated):
        names.dns().inquire(zone).in_public(zone, "A")
    names.trouble(zone, "servfail")
    with pytest.raises(NoAnswer) as caught:
        names.dns().inquire(zone).in_public(zone, "A")
    assert caught.value.why is Why.BROKEN


@pytest.mark.parametrize("kind", ["lame", "other-id", "refused", "servfail", "garbage"])
def test_what_does_not_answer_as_the_zones_own_server_would_is_no_answer(names, zone, kind) -> None:
    names.put(zone, ("A", INGRESS))
    names.trouble(zone, kind, view="zone")
    with pytest.raises(NoAnswer):
        names.dns(lifetime=0.2).inquire(zone).at_zone(zone, "A")


def test_a_silent_resolver_is_passed_over_and_not_asked_again(names, zone) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.2", 0))
        public = (silent.getsockname(), ("127.0.0.1", names.port))
        inquiry = names.dns(public=public, lifetime=0.4).inquire(f"portal.{zone}")
        for _ in range(5):
            assert not inquiry.in_public(f"portal.{zone}", "A").exists
        silent.setblocking(False)
        assert silent.recv(1000)
        with pytest.raises(BlockingIOError):
            silent.recv(1000)


def test_at_most_four_name_servers_of_a_zone_are_asked(names, zone) -> None:
    for number in range(6):
        names.put(f"ns{number}.{zone}", ("A", f"127.0.0.{10 + number}"), ("A", f"127.0.0.{20 + number}"))
    names.put(zone, *[("NS", f"ns{number}.{zone}") for number in range(6)])
    with contextlib.ExitStack() as stack:
        asked = []
        for last in range(10, 26):
            wire = stack.enter_context(closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
            wire.bind((f"127.0.0.{last}", names.port))
            wire.setblocking(False)
            asked.append(wire)
        with pytest.raises(NoAnswer):
            names.dns(lifetime=0.4).inquire(zone).at_zone(zone, "A")
        assert sum(_was_asked(wire) for wire in asked) <= dns.MOST_NAME_SERVERS


def _was_asked(wire: socket.socket) -> bool:
    try:
        return bool(wire.recv(1000))
    except BlockingIOError:
        return False


def test_a_closed_port_is_silence_at_once(zone) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as freed:
        freed.bind(("127.0.0.1", 0))
        server = freed.getsockname()
    started = time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        Dns(public=(server,)).inquire(zone).in_public(zone, "A")
    assert caught.value.why is Why.SILENT
    assert time.monotonic() - started < 1


def test_a_flood_of_datagrams_holds_nobody(names, zone) -> None:
    names.trouble(zone, "flood")
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        names.dns(lifetime=5).inquire(zone).in_public(zone, "A")
    assert time.monotonic() - started < 1


def test_a_whole_inquiry_has_one_budget_of_time(names, zone) -> None:
    names.trouble(zone, "silence")
    inquiry = names.dns(lifetime=0.2).inquire(zone)
    started = time.monotonic()
    for _ in range(40):
        with pytest.raises(NoAnswer):
            inquiry.ask(zone, "A")
    assert time.monotonic() - started < 1


def test_a_whole_inquiry_has_one_budget_of_questions(names, zone) -> None:
    inquiry = names.dns().inquire(zone)
    for _ in range(dns.MOST_QUESTIONS):
        inquiry.in_public(zone, "A")
    with pytest.raises(NoAnswer):
        inquiry.in_public(zone, "A")


@pytest.mark.parametrize("name", ["a..b", "a" * 64, f"{'a' * 63}." * 5, "\udcff", ""])
def test_what_is_no_name_gets_no_answer_and_no_other_error(names, name) -> None:
    with pytest.raises(NoAnswer):
        names.dns().inquire(name).at_zone(name, "A")
    found = doctor.examine(name, target=BASE, challenge="x", ingress=[INGRESS], issuer="ca.example", dns=names.dns())
    assert found.code is doctor.Code.TIMED_OUT


@hypothesis(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.binary(max_size=300),
    offset=st.integers(0, 60),
    kind=st.sampled_from(["A", "AAAA", "CNAME", "TXT", "CAA"]),
)
def test_whatever_bytes_a_server_sends_the_doctor_finds_something(names, zone, raw, offset, kind) -> None:
    names.put(zone, ("A", "203.0.113.5"), ("CAA", '0 issue "ca.example"'), ("TXT", "text"))
    names.trouble(zone, "garbage", hex=raw.hex(), offset=offset)
    quick = names.dns(lifetime=0.04)
    with contextlib.suppress(NoAnswer, NotValidated):
        assert isinstance(quick.inquire(zone).in_public(zone, kind), Answer)
    found = doctor.examine(zone, target=BASE, challenge="x", ingress=[INGRESS], issuer="ca.example", dns=quick)
    assert doctor.words(found)


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_servers_are_read_from_the_settings(settings) -> None:
    settings.DNS_SERVERS = ["192.0.2.1", "192.0.2.2:5353", "2001:db8::1", "[2001:db8::2]:5353"]
    settings.DNS_AUTHORITATIVE_PORT = 5300
    settings.DNS_MAY_ASK_PRIVATE = True
    assert dns.from_settings() == Dns(
        public=(("192.0.2.1", 53), ("192.0.2.2", 5353), ("2001:db8::1", 53), ("2001:db8::2", 5353)),
        authoritative_port=5300,
        may_ask_private=True,
    )


@pytest.mark.parametrize("text", ["dns.example", "192.0.2.1:dns", "192.0.2.1:53:53", "[192.0.2.1"])
def test_a_server_that_is_no_address_is_a_mistake_of_the_operator(settings, text) -> None:
    settings.DNS_SERVERS = [text]
    with pytest.raises(ValueError):
        dns.from_settings()


def test_without_servers_the_machines_own_are_asked(settings) -> None:
    settings.DNS_SERVERS, settings.DNS_AUTHORITATIVE_PORT, settings.DNS_MAY_ASK_PRIVATE = [], 53, False
    assert all(port == 53 for _, port in dns.from_settings().public)
