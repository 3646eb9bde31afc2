"""CAA records: who may issue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains import caa

OURS = "letsencrypt.org"


@pytest.mark.parametrize(
    "records",
    [
        [],
        ["0 issue letsencrypt.org"],
        ["0 issue digicert.com", "0 issue letsencrypt.org"],
        ["0 ISSUE LetsEncrypt.org."],
        ["128 issue letsencrypt.org"],
        ["0 issue  letsencrypt.org ; validationmethods=dns-01,http-01"],
        ["0 iodef mailto:security@example.com"],
        ["0 issuewild digicert.com"],
        ["0 issuewild ;"],
        ["0 futuretag whatever"],
    ],
)
def test_these_let_us_issue(records) -> None:
    assert caa.permits(records, OURS)


@pytest.mark.parametrize(
    "records",
    [
        ["0 issue ;"],
        ["0 issue "],
        ["0 issue"],
        ["0 issue digicert.com"],
        ["0 issue digicert.com", "0 issuewild letsencrypt.org"],
        ["0 issue letsencrypt.org.example.com"],
        ["128 futuretag whatever", "0 issue letsencrypt.org"],
        ["0 issue letsencrypt.org; validationmethods=dns-01"],
        ["0 issue letsencrypt.org; AccountURI=https://acme.example/acct/1"],
        ["0 issue letsencrypt.org digicert.com"],
    ],
)
def test_these_do_not(records) -> None:
    assert not caa.permits(records, OURS)


@given(
    st.lists(st.builds("{} {} {}".format, st.integers(0, 255), st.text("aiswued", max_size=9), st.text(max_size=60)))
)
def test_any_records_get_an_answer(records) -> None:
    assert caa.permits(records, OURS) in (True, False)
