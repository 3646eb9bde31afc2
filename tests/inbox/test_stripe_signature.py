from datetime import timedelta

import pytest
from django.utils import timezone

from inbox import stripe_signature
from inbox.stripe_signature import InvalidSignature, SignedEvent
from tests.support import stripe_says
from tests.support.stripe_says import SECRET, Said

NOW = timezone.now()
OTHER = "whsec_AnotherSecret12"


def verified(said: Said, *, secrets: list[str] | None = None, header: str | None = None) -> SignedEvent:
    header = said.header if header is None else header
    return stripe_signature.verify(said.payload, header, [SECRET] if secrets is None else secrets, NOW)


def test_what_stripe_signed_is_read() -> None:
    event = verified(stripe_says.event("refund.created", event_id="evt_1", livemode=True, at=NOW))
    assert (event.id, event.type, event.livemode) == ("evt_1", "refund.created", True)


def test_trap_04_the_raw_bytes_are_signed_and_not_what_they_mean() -> None:
    said = stripe_says.event(at=NOW)
    respaced = Said(said.payload.replace(b"\n", b""), said.header, said.event_id)
    with pytest.raises(InvalidSignature):
        verified(respaced)


@pytest.mark.parametrize("signing", [[SECRET, OTHER], [OTHER, SECRET], [SECRET]])
@pytest.mark.parametrize("secrets", [[SECRET], [OTHER, SECRET], [SECRET, OTHER]])
def test_trap_05_while_a_secret_is_rolled_any_of_the_signatures_will_do(signing: list[str], secrets: list[str]) -> None:
    assert verified(stripe_says.event(secrets=signing, at=NOW), secrets=secrets)


@pytest.mark.parametrize("secrets", [[], [""], [OTHER]])
def test_without_the_right_secret_nothing_is_believed(secrets: list[str]) -> None:
    with pytest.raises(InvalidSignature):
        verified(stripe_says.event(at=NOW), secrets=secrets)


def test_the_secret_that_is_tried_for_nobody_signs_for_nobody() -> None:
    with pytest.raises(InvalidSignature):
        verified(stripe_says.event(secrets=[stripe_signature._DUMMY], at=NOW), secrets=[])


def test_an_empty_secret_signs_for_nobody() -> None:
    with pytest.raises(InvalidSignature):
        verified(stripe_says.event(secrets=[""], at=NOW), secrets=[""])


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_five_minutes_of_difference_are_allowed_both_ways(seconds: int) -> None:
    assert verified(stripe_says.event(at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-302, 302, 86_400])
def test_trap_07_older_or_from_the_future_is_refused(seconds: int) -> None:
    with pytest.raises(InvalidSignature):
        verified(stripe_says.event(at=NOW + timedelta(seconds=seconds)))


def test_trap_08_an_old_event_with_a_fresh_signature_is_honest() -> None:
    assert verified(stripe_says.event(created_at=NOW - timedelta(days=20), at=NOW)).event_at < NOW - timedelta(days=19)


def headers() -> list[str]:
    said = stripe_says.event(at=NOW)
    time, signature = said.header.split(",")
    return [
        "",
        "v1=",
        time,
        signature,
        f"{time},v0={signature[3:]}",
        f"{time},v1={signature[3:].upper()}",
        f"{time},{signature[:-1]}",
        f"{time},v1=\u00e9{signature[4:]}",
        f"{time},{time},{signature}",
        f"t=-1,{signature}",
        f"t=1e9,{signature}",
        f"t={'9' * 40},{signature}",
        f"{time}\n,{signature}",
        f"{time},{signature}," + "x" * 5000,
    ]


@pytest.mark.parametrize("number", range(len(headers())))
def test_trap_06_a_malformed_header_is_an_invalid_signature_and_nothing_else(number: int) -> None:
    said = stripe_says.event(event_id="evt_1", created_at=NOW, at=NOW)
    with pytest.raises(InvalidSignature):
        verified(said, header=headers()[number])


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{",
        b"{}",
        b"[" * 100_000,
        b'{"id": ' + b"1" * 5000 + b"}",
        b'{"id": "evt_1", "object": "v2.core.event", "type": "v1.x", "livemode": false, "created": "2026-01-01"}',
    ],
)
def test_trap_06_a_signed_body_that_is_no_event_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidSignature):
        verified(stripe_says.signed(payload, at=NOW))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"evt_1"', b'"evt_\\u0000"'),
        (b'"evt_1"', b"7"),
        (b'"livemode": false', b'"livemode": "false"'),
        (b'"refund.created"', b'"' + b"x" * 200 + b'"'),
        (b'"data": {', b'"data": [], "other": {'),
        (b'"created": ', b'"created": 9999999'),
    ],
)
def test_an_event_with_a_field_of_the_wrong_form_is_refused(before: bytes, after: bytes) -> None:
    body = stripe_says.event("refund.created", event_id="evt_1", at=NOW).payload
    assert before in body
    with pytest.raises(InvalidSignature):
        verified(stripe_says.signed(body.replace(before, after), at=NOW))
