import pytest

from hms_client import InvalidArgument, InvalidSignature, SignatureFault
from hms_client.signatures import sign, verify

NOW = 1_762_161_271
BODY = b'{"message":{"type":"status-update"}}'
SECRET = "whsec_abc"
GOOD = sign(BODY, str(NOW), SECRET)


def fault(**changes):
    arguments = {"body": BODY, "timestamp": str(NOW), "signature": GOOD, "secret": SECRET, "now": NOW}
    with pytest.raises(InvalidSignature) as caught:
        verify(**{**arguments, **changes})
    return caught.value.reason


def test_a_signature_has_the_form_hms_documents():
    # computed with: printf '1.{}' | openssl dgst -sha256 -hmac k
    assert sign(b"{}", "1", "k") == "sha256=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"


@pytest.mark.parametrize("signature", [GOOD, GOOD.removeprefix("sha256=")])
def test_with_and_without_its_prefix_a_signature_is_good(signature):
    verify(body=BODY, timestamp=str(NOW), signature=signature, secret=SECRET, now=NOW)


@pytest.mark.parametrize("away", [-300, 0, 300])
def test_within_the_tolerance_it_is_good_on_both_sides(away):
    verify(body=BODY, timestamp=str(NOW), signature=GOOD, secret=SECRET, now=NOW + away)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"body": BODY + b" "}, SignatureFault.MISMATCH),
        ({"secret": "other"}, SignatureFault.MISMATCH),
        ({"timestamp": str(NOW + 1)}, SignatureFault.MISMATCH),
        ({"signature": "sha256=" + "0" * 64}, SignatureFault.MISMATCH),
        ({"now": NOW + 301}, SignatureFault.TOO_OLD),
        ({"now": NOW - 301}, SignatureFault.TOO_NEW),
        ({"now": NOW + 11, "tolerance_seconds": 10}, SignatureFault.TOO_OLD),
        ({"timestamp": None}, SignatureFault.MISSING_TIMESTAMP),
        ({"timestamp": ""}, SignatureFault.MISSING_TIMESTAMP),
        ({"signature": None}, SignatureFault.MISSING_SIGNATURE),
        ({"signature": ""}, SignatureFault.MISSING_SIGNATURE),
        ({"signature": "sha256="}, SignatureFault.MALFORMED_SIGNATURE),
        ({"signature": "sha1=" + "0" * 40}, SignatureFault.MALFORMED_SIGNATURE),
        ({"signature": "é" * 64}, SignatureFault.MALFORMED_SIGNATURE),
    ],
)
def test_whatever_is_wrong_has_its_reason(changes, reason):
    assert fault(**changes) is reason


@pytest.mark.parametrize(
    "timestamp", [str(NOW * 1000), "1e9", f" {NOW}", f"+{NOW}", f"-{NOW}", "1.0", "١٢٣", f"{NOW}\n"]
)
def test_only_decimal_seconds_are_a_timestamp_however_well_signed(timestamp):
    signed = sign(BODY, timestamp, SECRET)
    assert fault(timestamp=timestamp, signature=signed) is SignatureFault.MALFORMED_TIMESTAMP


def test_an_empty_secret_proves_nothing():
    with pytest.raises(InvalidArgument):
        verify(body=BODY, timestamp=str(NOW), signature=GOOD, secret="", now=NOW)
