"""What an agency may claim as its own domain: one spelling for each name, one sentence for each refusal."""

import string

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains import names, scripts

OWN = ["portal.example.com", "operators.example.com", "127.0.0.1", "connect.example.net"]
# All in letters that are drawn like Latin ones; some mixed with Latin ones, some in another alphabet altogether.
HOMOGRAPHS = [
    "аcme.com",
    "acmе.com",
    "pаypal.com",
    "раураl.com",
    "gооgle.com",
    "microsоft.com",
    "αpple.com",
    "ΑCME.com",
    "acme.соm",
    "ѕtripe.com",
    "portal.аcme.com",
    "аррӏе.com",
    "ѕсоре.com",
    "xn--80ak6aa92e.com",
    "xn--cme-6cd.com",
    "ааа.com",
    "ａсme.com",
]


def claimed(typed: str) -> names.CustomName:
    return names.check_custom(typed, own=OWN)


@pytest.mark.parametrize(
    ("typed", "name", "shown", "zone"),
    [
        ("portal.acme.com", "portal.acme.com", "portal.acme.com", "acme.com"),
        ("  Portal.ACME.com. ", "portal.acme.com", "portal.acme.com", "acme.com"),
        ("https://portal.acme.com/login?next=/", "portal.acme.com", "portal.acme.com", "acme.com"),
        ("portal.acme.com:443", "portal.acme.com", "portal.acme.com", "acme.com"),
        ("HTTP://portal.acme.com:8080/#top", "portal.acme.com", "portal.acme.com", "acme.com"),
        ("acme.co.uk", "acme.co.uk", "acme.co.uk", "acme.co.uk"),
        ("voice.acme.co.uk", "voice.acme.co.uk", "voice.acme.co.uk", "acme.co.uk"),
        ("a.b.c.acme.com", "a.b.c.acme.com", "a.b.c.acme.com", "acme.com"),
        ("www.acme.com", "www.acme.com", "www.acme.com", "acme.com"),
        ("portal.münchen.de", "portal.xn--mnchen-3ya.de", "portal.münchen.de", "xn--mnchen-3ya.de"),
        ("PORTAL.MÜNCHEN.DE", "portal.xn--mnchen-3ya.de", "portal.münchen.de", "xn--mnchen-3ya.de"),
        ("portal.xn--mnchen-3ya.de", "portal.xn--mnchen-3ya.de", "portal.münchen.de", "xn--mnchen-3ya.de"),
        ("straße.de", "xn--strae-oqa.de", "straße.de", "xn--strae-oqa.de"),
        ("ｐｏｒｔａｌ．acme。com", "portal.acme.com", "portal.acme.com", "acme.com"),
        ("москва.com", "xn--80adxhks.com", "москва.com", "xn--80adxhks.com"),
        ("例え.jp", "xn--r8jz45g.jp", "例え.jp", "xn--r8jz45g.jp"),
        ("tokyo東京タワー.jp", idna.encode("tokyo東京タワー.jp").decode(), "tokyo東京タワー.jp", None),
        ("한국.kr", idna.encode("한국.kr").decode(), "한국.kr", None),
        ("аррӏе.рф", idna.encode("аррӏе.рф").decode(), "аррӏе.рф", None),
        ("voice.acme.test", "voice.acme.test", "voice.acme.test", "acme.test"),
    ],
)
def test_s31_a_name_is_kept_as_dns_has_it_and_shown_as_people_read_it(
    typed: str, name: str, shown: str, zone: str | None
) -> None:
    found = claimed(typed)
    assert (found.name, found.shown) == (name, shown)
    assert zone is None or found.zone == zone


@pytest.mark.parametrize("typed", HOMOGRAPHS)
def test_s31_a_name_that_imitates_another_alphabet_is_refused(typed: str) -> None:
    with pytest.raises(names.BadDomain, match=r"alphabet|Latin letters"):
        claimed(typed)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter your domain"),
        ("   ", "Enter your domain"),
        ("info@acme.com", "e-mail address"),
        ("*.acme.com", "star"),
        ("192.0.2.7", "IP address"),
        ("http://192.0.2.7/", "IP address"),
        ("[2001:db8::1]", "IP address"),
        ("2001:db8::1", "IP address"),
        ("127.1", "IP address"),
        ("acme.0x7f", "IP address"),
        ("１２７.０.０.１", "IP address"),
        ("acme", "no ending"),
        ("localhost", "no ending"),
        ("acme.localhost", "inside a network"),
        ("printer.local", "inside a network"),
        ("db.acme.internal", "inside a network"),
        ("4.3.2.1.in-addr.arpa", "inside a network"),
        ("abcdef.onion", "inside a network"),
        ("portal.example.com", "belongs to the platform"),
        ("PORTAL.EXAMPLE.COM.", "belongs to the platform"),
        ("acme.portal.example.com", "belongs to the platform"),
        ("a.b.portal.example.com", "belongs to the platform"),
        ("example.com", "belongs to the platform"),
        ("x.connect.example.net", "belongs to the platform"),
        ("operators.example.com", "belongs to the platform"),
        ("co.uk", "register their names under"),
        ("github.io", "register their names under"),
        ("com.", "no ending"),
        ("пример.рф.a_b", "not a domain name"),
        ("a_b.com", "not a domain name"),
        ("-a.com", "not a domain name"),
        ("a..com", "not a domain name"),
        (".com", "not a domain name"),
        ("ab--c.com", "not a domain name"),
        ("xn--a.com", "not a domain name"),
        ("xn--portal-.com", "not a domain name"),
        ("acme com", "not a domain name"),
        ("acme\x00.com", "not a domain name"),
        ("acme.com\u202e", "not a domain name"),
        ("a" * 64 + ".com", "not a domain name"),
        ("a." * 130 + "com", "too long"),
        ("ü." * 60 + "com", "not a domain name"),
        ("aא.com", "not a domain name"),
    ],
)
def test_s32_what_cannot_be_claimed_is_refused_with_a_sentence_of_its_own(typed: str, says: str) -> None:
    with pytest.raises(names.BadDomain, match=says):
        claimed(typed)


def test_s32_a_neighbour_of_the_platforms_host_is_somebody_elses() -> None:
    assert claimed("other.example.com").name == "other.example.com"
    assert claimed("xportal.example.com").name == "xportal.example.com"


@given(st.text(max_size=300))
def test_whatever_is_typed_is_a_name_in_one_spelling_or_refused(typed: str) -> None:
    try:
        found = claimed(typed)
    except names.BadDomain:
        return
    assert names.normalise(found.name) == found.name
    assert claimed(found.name) == claimed(found.shown) == found
    assert found.name == found.zone or found.name.endswith(f".{found.zone}")


@given(st.lists(st.text(string.ascii_letters + string.digits, min_size=1, max_size=12), min_size=1, max_size=4))
def test_case_dots_and_spaces_make_no_other_name(labels: list[str]) -> None:
    typed = ".".join([*labels, "acme", "com"])
    assert claimed(typed) == claimed(typed.upper()) == claimed(f" {typed}. ") == claimed(f"https://{typed}/x")


@given(st.text("abcdefgh", min_size=1, max_size=8), st.sampled_from("авекмнорстухѕіј"), st.data())
def test_s31_one_foreign_letter_among_latin_ones_is_always_refused(
    word: str, foreign: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(word)))
    with pytest.raises(names.BadDomain, match="alphabet"):
        claimed(f"{word[:at]}{foreign}{word[at:]}.com")


@given(st.text("абвгдежзиклмнопрст0123456789-", min_size=1, max_size=20))
def test_one_alphabet_with_digits_and_hyphens_may_stand_together(label: str) -> None:
    assert scripts.is_highly_restrictive(label)
