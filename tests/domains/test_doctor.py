"""What the doctor finds, asked of a real name server; the name is always portal.<a zone of the test's own>."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from domains import doctor
from domains.doctor import Code, Diagnosis
from tests.support.dns_world import BASE, INGRESS, Names

TOKEN = "mfrggzdfmztwq2lknnwg23tpob"
TARGET = f"{TOKEN}.{BASE}"
Examine = Callable[..., Diagnosis]


@pytest.fixture
def examine(names: Names) -> Examine:
    def examined(name: str, **changes: Any) -> Diagnosis:
        usual = {"target": TARGET, "challenge": TOKEN, "ingress": [INGRESS], "issuer": "letsencrypt.org"}
        return doctor.examine(name, **usual | {"dns": names.dns()} | changes)

    return examined


def said(diagnosis: Diagnosis) -> tuple[Code, bool, str]:
    return diagnosis.code, diagnosis.is_proof, doctor.words(diagnosis)


# --- The proof --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [TARGET, f"{TARGET}.", TARGET.upper()])
def test_a_cname_to_the_target_is_the_proof(names, zone, examine, value) -> None:
    names.put(f"portal.{zone}", ("CNAME", value))
    found = examine(f"portal.{zone}")
    assert said(found) == (Code.PROVED_BY_CNAME, True, f"portal.{zone} points to us. There is nothing to change.")
    assert found.proved_by == "cname"


def test_a_wildcard_of_the_zone_is_a_proof_too(names, zone, examine) -> None:
    names.put(f"*.{zone}", ("CNAME", TARGET))
    assert examine(f"portal.{zone}").code is Code.PROVED_BY_CNAME


def test_where_cnames_are_flattened_a_txt_record_proves_the_name(names, zone, examine) -> None:
    names.put(zone, ("ALIAS", TARGET))
    names.put(f"_portal-challenge.{zone}", ("TXT", "something else"), ("TXT", TOKEN))
    found = examine(zone)
    assert (found.code, found.proved_by) == (Code.PROVED_BY_TXT, "txt")
    assert "Keep both" in doctor.words(found)


def test_quotation_marks_that_a_form_has_kept_do_no_harm(names, zone, examine) -> None:
    names.put(zone, ("A", INGRESS))
    names.put(f"_portal-challenge.{zone}", ("TXT", f'"{TOKEN}"'))
    assert examine(zone).is_proof


def test_the_token_without_our_addresses_proves_nothing(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("A", INGRESS), ("A", "203.0.113.5"))
    names.put(f"_portal-challenge.portal.{zone}", ("TXT", TOKEN))
    assert not examine(f"portal.{zone}").is_proof


def test_the_token_of_another_claim_proves_nothing(names, zone, examine) -> None:
    names.put(zone, ("A", INGRESS))
    names.put(f"_portal-challenge.{zone}", ("TXT", TOKEN[::-1]))
    code, is_proof, words = said(examine(zone))
    assert (code, is_proof) == (Code.NO_RECORD, False)
    assert f"says “{TOKEN[::-1]}”. Change it to {TOKEN}." in words


def test_a_token_that_stands_where_an_alias_leads_proves_nothing(names, zone, examine) -> None:
    names.put(zone, ("A", INGRESS))
    names.put(f"_portal-challenge.{zone}", ("CNAME", f"text.{zone}"))
    names.put(f"text.{zone}", ("TXT", TOKEN))
    assert not examine(zone).is_proof


def test_our_address_alone_proves_nothing(names, zone, examine) -> None:
    names.put(zone, ("A", INGRESS))
    assert said(examine(zone)) == (
        Code.NO_RECORD,
        False,
        (
            f"{zone} leads to us, but nothing proves that it is yours. "
            f"Add a TXT record named _portal-challenge.{zone} with the value {TOKEN}."
        ),
    )


# --- What is wrong ----------------------------------------------------------------------------------------------------


def test_no_record_yet(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("TXT", "hello"))
    words = f"portal.{zone} has no CNAME record. Add one that points to {TARGET}."
    assert said(examine(f"portal.{zone}")) == (Code.NO_RECORD, False, words)


def test_no_such_name(zone, examine) -> None:
    code, is_proof, words = said(examine(f"portal.{zone}"))
    assert (code, is_proof) == (Code.NO_SUCH_NAME, False)
    assert words.startswith(
        f"There is no portal.{zone} yet. Add a CNAME record in the zone {zone} that points to {TARGET}"
    )


def test_a_domain_that_nobody_has_registered(examine) -> None:
    code, _, words = said(examine("portal.acmee.nowhere"))
    assert code is Code.NO_SUCH_NAME
    assert words.startswith("The domain of portal.acmee.nowhere does not exist. Check its spelling")


def test_a_cname_to_elsewhere_is_named(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", "shops.example.net"))
    assert said(examine(f"portal.{zone}")) == (
        Code.CNAME_ELSEWHERE,
        False,
        f"portal.{zone} points to shops.example.net. Change the CNAME so that it points to {TARGET} and nowhere else.",
    )


def test_a_chain_that_ends_at_the_target_is_not_followed(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", f"www.{zone}"))
    names.put(f"www.{zone}", ("CNAME", TARGET))
    found = examine(f"portal.{zone}")
    assert (found.code, found.facts["aliases"]) == (Code.CNAME_ELSEWHERE, [f"www.{zone}"])


def test_the_target_of_another_claim_is_elsewhere(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", f"{TOKEN[::-1]}.{BASE}"))
    assert examine(f"portal.{zone}").code is Code.CNAME_ELSEWHERE


def test_a_second_cname_beside_ours_is_elsewhere(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", TARGET), ("CNAME", "shops.example.net"))
    found = examine(f"portal.{zone}")
    assert (found.code, found.facts["aliases"]) == (Code.CNAME_ELSEWHERE, ["shops.example.net"])


def test_addresses_in_the_way_are_listed(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("A", "203.0.113.5"), ("AAAA", "2001:db8::5"))
    code, is_proof, words = said(examine(f"portal.{zone}"))
    assert (code, is_proof) == (Code.ADDRESSES_IN_THE_WAY, False)
    assert "not ours: 203.0.113.5, 2001:db8::5. Delete its A and AAAA records" in words
    assert TARGET in words


def test_addresses_in_the_way_at_the_top_of_a_zone_are_to_be_replaced(names, zone, examine) -> None:
    names.put(zone, ("A", "203.0.113.5"))
    code, _, words = said(examine(zone))
    assert code is Code.ADDRESSES_IN_THE_WAY
    assert words.startswith(f"{zone} leads to addresses that are not ours: 203.0.113.5. Use your provider’s ALIAS")


def test_a_proxied_record(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", TARGET), proxied=True)
    names.put(f"_portal-challenge.portal.{zone}", ("TXT", TOKEN))
    code, is_proof, words = said(examine(f"portal.{zone}"))
    assert (code, is_proof) == (Code.PROXIED, False)
    assert "behind a proxy (104.16.0.1, 2606:4700::6810:1)" in words
    assert f"let its CNAME point to {TARGET}" in words


def test_the_top_of_a_zone_without_flattening(zone, examine) -> None:
    code, is_proof, words = said(examine(zone))
    assert (code, is_proof) == (Code.APEX_NOT_FLATTENED, False)
    assert f"ANAME or flattened CNAME to {TARGET}, or address records with {INGRESS} only." in words
    assert f"Add a TXT record named _portal-challenge.{zone} with the value {TOKEN} as well." in words


def test_the_top_of_a_zone_when_the_token_is_there(names, zone, examine) -> None:
    names.put(f"_portal-challenge.{zone}", ("TXT", TOKEN))
    assert "TXT" not in doctor.words(examine(zone))


def test_the_top_of_a_zone_when_we_have_no_fixed_address(zone, examine) -> None:
    assert doctor.words(examine(zone, ingress=[])).endswith(f"use a name below it, such as portal.{zone}.")


@pytest.mark.parametrize(
    ("label", "record", "relative"),
    [("portal.", ("CNAME", TARGET), "portal"), ("", ("CNAME", TARGET), "@")],
)
def test_a_zone_that_was_typed_twice_in_the_name(names, zone, examine, label, record, relative) -> None:
    names.put(f"{label}{zone}.{zone}", record)
    code, is_proof, words = said(examine(f"{label}{zone}"))
    assert (code, is_proof) == (Code.DOUBLED_ZONE, False)
    assert words.startswith(f"The record stands at {label}{zone}.{zone}, because")
    assert words.endswith(f"Change the record’s name to {relative}.")


def test_a_zone_that_was_typed_twice_in_the_name_of_the_token(names, zone, examine) -> None:
    names.put(f"_portal-challenge.{zone}.{zone}", ("TXT", TOKEN))
    assert doctor.words(examine(zone)).endswith("Change the record’s name to _portal-challenge.")


def test_a_zone_that_was_added_to_the_value(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", f"{TARGET}.{zone}"))
    code, is_proof, words = said(examine(f"portal.{zone}"))
    assert (code, is_proof) == (Code.DOUBLED_ZONE, False)
    assert words.endswith(f"Write it with a dot at its end: {TARGET}.")


def test_signatures_that_do_not_hold(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", TARGET))
    names.trouble(zone, "bogus")
    code, is_proof, words = said(examine(f"portal.{zone}"))
    assert (code, is_proof) == (Code.DNSSEC_BROKEN, False)
    assert words.startswith(f"The DNSSEC signatures of {zone} are not valid")


def test_silence_ends_in_time(names, zone, examine) -> None:
    names.trouble(zone, "silence")
    started = time.monotonic()
    code, is_proof, words = said(examine(f"portal.{zone}", dns=names.dns(lifetime=0.2)))
    assert time.monotonic() - started < 1
    assert (code, is_proof) == (Code.TIMED_OUT, False)
    assert "did not answer in time" in words


@pytest.mark.parametrize("kind", ["refused", "servfail"])
def test_an_error_of_all_servers_is_told_from_silence(names, zone, examine, kind) -> None:
    names.trouble(zone, kind)
    code, is_proof, words = said(examine(f"portal.{zone}"))
    assert (code, is_proof) == (Code.TIMED_OUT, False)
    assert "answer with an error. Check at your registrar" in words


# --- Proved, and trouble all the same ---------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["portal.", ""])
def test_a_caa_record_of_the_name_or_a_parent_forbids_the_issuer(names, zone, examine, at) -> None:
    names.put(zone, ("ALIAS", TARGET))
    names.put(f"portal.{zone}", ("A", INGRESS))
    names.put(f"_portal-challenge.portal.{zone}", ("TXT", TOKEN))
    kept = [("A", INGRESS)] if at else []
    names.put(f"{at}{zone}", *kept, ("CAA", '0 issue "digicert.com"'), ("CAA", '0 iodef "mailto:a@example.com"'))
    found = examine(f"portal.{zone}")
    assert (found.code, found.is_proof, found.proved_by) == (Code.CAA_FORBIDS, True, "txt")
    assert f"CAA records of {at}{zone} keep us" in doctor.words(found)
    assert f"Add a CAA record at {at}{zone}: 0 issue “letsencrypt.org”." in doctor.words(found)


def test_the_closest_caa_records_decide(names, zone, examine) -> None:
    names.put(zone, ("CAA", '0 issue ";"'))
    names.put(f"eu.{zone}", ("CAA", '0 issue "letsencrypt.org"'))
    names.put(f"portal.eu.{zone}", ("CNAME", TARGET))
    assert examine(f"portal.eu.{zone}").code is Code.PROVED_BY_CNAME


def test_caa_records_where_an_alias_leads_count_for_the_name(names, zone, examine) -> None:
    target = f"{TOKEN}{zone.partition('.')[0]}.{BASE}"
    names.put(target, ("A", INGRESS), ("CAA", '0 issue "letsencrypt.org"'))
    names.put(zone, ("CAA", '0 issue "digicert.com"'))
    names.put(f"portal.{zone}", ("CNAME", target))
    assert examine(f"portal.{zone}", target=target).code is Code.PROVED_BY_CNAME


def test_a_caa_question_without_an_answer_forbids_nothing(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", TARGET))
    names.trouble("test", "refused", view="public")
    try:
        # The closer trouble is the one that is met, and this one changes nothing.
        names.trouble(zone, "lame", view="public")
        assert examine(f"portal.{zone}").code is Code.PROVED_BY_CNAME
    finally:
        names.heal("test")


def test_a_certificate_that_fails_leaves_the_name_proved(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", TARGET))
    found = doctor.certificate_failing(examine(f"portal.{zone}"), why="The certificate has run out.")
    assert said(found) == (
        Code.CERTIFICATE_FAILING,
        True,
        (
            f"The record of portal.{zone} is right, but its certificate is not there: The certificate has run out. "
            "We try again by ourselves."
        ),
    )
    assert found.proved_by == "cname"


# --- Which view is believed -------------------------------------------------------------------------------------------


def test_what_the_zone_says_counts_before_what_a_resolver_remembers(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("CNAME", TARGET))
    names.trouble(f"portal.{zone}", "nxdomain", view="public")
    assert examine(f"portal.{zone}").code is Code.PROVED_BY_CNAME


@pytest.mark.parametrize("kind", ["silence", "refused", "servfail", "lame", "garbage", "other-id"])
def test_the_public_view_counts_where_the_zones_own_servers_are_no_use(names, zone, examine, kind) -> None:
    names.put(f"portal.{zone}", ("CNAME", TARGET))
    names.trouble(zone, kind, view="zone")
    assert examine(f"portal.{zone}", dns=names.dns(lifetime=0.4)).code is Code.PROVED_BY_CNAME


def test_silent_servers_of_a_zone_do_not_use_up_the_time_of_the_public_view(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("A", "203.0.113.5"))
    names.trouble(zone, "silence", view="zone")
    assert examine(f"portal.{zone}", dns=names.dns(lifetime=0.4)).code is Code.ADDRESSES_IN_THE_WAY


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_a_finding_is_kept_as_json_and_read_again(names, zone, examine) -> None:
    names.put(f"portal.{zone}", ("A", "203.0.113.5"))
    found = examine(f"portal.{zone}")
    assert doctor.read(json.loads(json.dumps(found.finding()))) == found


def test_what_strangers_wrote_is_printable_and_short(names, zone, examine) -> None:
    names.put(zone, ("A", INGRESS))
    names.put(f"_portal-challenge.{zone}", ("TXT", "\x00\x1b[31m<b>é" + "x" * 2000))
    texts = examine(zone).facts["texts"]
    assert texts[0].startswith(r"\000\027[31m<b>\195\169xxx")
    assert len(texts[0]) < 400
    assert texts[0].isprintable()


@pytest.mark.parametrize("code", Code)
def test_every_finding_has_a_sentence(code) -> None:
    facts = {
        "name": "portal.acme.test",
        "target": TARGET,
        "challenge_name": "_portal-challenge.portal.acme.test",
        "challenge": TOKEN,
        "ingress": [INGRESS],
        "zone": "acme.test",
        "missing": "cname",
        "aliases": ["a"],
        "addresses": ["b"],
        "has_token": False,
        "at": "acme.test",
        "records": ["c"],
        "issuer": "letsencrypt.org",
        "why": "silent",
        "where": "name",
        "doubled": "d",
        "relative": "e",
    }
    assert doctor.words(Diagnosis(code, facts)).endswith(".") or code is Code.CAA_FORBIDS


@pytest.mark.usefixtures("no_transaction")
def test_nobody_is_asked_inside_a_transaction(examine) -> None:
    from django.db import transaction

    from tenancy.network import InsideTransaction

    with transaction.atomic(), pytest.raises(InsideTransaction):
        examine("portal.acme.test")
