import logging
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import httpx
import pytest

from hms_client import HMSError, InvalidArgument, StatusError, UnexpectedAnswer, transport

CALL = {"id": "c1", "status": "ended", "created_at": "2026-11-03T09:00:00Z"}


def test_an_id_is_encoded_whole(wire):
    wire.answers(CALL).client.calls.get("call-_+31600000001_a/b?c#d e%2F")
    assert wire.asked == "GET /api/v1/calls/call-_%2B31600000001_a%2Fb%3Fc%23d%20e%252F"


@pytest.mark.parametrize("call_id", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused_before_anything_is_sent(wire, call_id):
    with pytest.raises(InvalidArgument):
        wire.client.calls.get(call_id)
    assert wire.requests == []


def test_query_values_of_none_are_left_out(wire):
    wire.answers({"calls": [], "pagination": {"total": 0}}).client.calls.list(limit=5, status=None)
    assert wire.asked == "GET /api/v1/calls?limit=5&offset=0"


def test_times_are_sent_in_utc_and_dates_as_dates(wire):
    wire.answers({"calls": [], "pagination": {"total": 0}})
    amsterdam = timezone(timedelta(hours=1))
    wire.client.calls.list(start_date=datetime(2026, 11, 3, 10, tzinfo=amsterdam), end_date=date(2026, 11, 4))
    asked = wire.requests[0].url.params
    assert (asked["start_date"], asked["end_date"]) == ("2026-11-03T09:00:00.000Z", "2026-11-04")


def test_a_time_without_a_zone_is_refused(wire):
    with pytest.raises(InvalidArgument):
        wire.client.calls.list(start_date=datetime(2026, 11, 3))


def test_none_in_a_change_reaches_hms_as_null(wire):
    wire.answers({"number": {"id": "n1", "phone_number": "+31"}}).client.numbers.update("n1", workflow_id=None)
    assert wire.requests[0].content == b'{"workflow_id":null}'


def test_what_was_read_can_be_sent_back(wire):
    wire.answers({"assistant": {"id": "a1", "name": "A", "llm_config": {"temperature": 0.7, "tools": [{"n": 1}]}}})
    read = wire.client.assistants.get("a1").llm_config
    assert read["temperature"] == Decimal("0.7")
    wire.client.assistants.update("a1", llm_config=read)
    assert wire.sent == {"llm_config": {"temperature": 0.7, "tools": [{"n": 1}]}}


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_what_is_not_json_is_refused_before_anything_is_sent(wire, value):
    with pytest.raises(InvalidArgument):
        wire.client.workflows.create(name="w", definition={"x": value})
    assert wire.requests == []


@pytest.mark.parametrize(("status", "body"), [(200, {"success": True}), (204, None), (200, b" \n"), (201, [])])
def test_every_2xx_is_success_and_an_empty_body_is_fine(wire, status, body):
    assert wire.answers(body, status=status).client.numbers.delete("n1") is None


@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff", b"NaN", b"[" * 100_000, b"1e" + b"9" * 30])
def test_a_yes_that_is_not_json_is_unexpected_and_its_outcome_unknown(wire, body):
    with pytest.raises(UnexpectedAnswer) as caught:
        wire.answers(body, status=201).client.organizations.create(name="x")
    assert caught.value.outcome_unknown
    assert caught.value.status == 201


def test_a_redirect_is_not_followed(wire):
    wire.answers(status=302, headers={"location": "https://elsewhere.test/"})
    with pytest.raises(StatusError) as caught:
        wire.client.voices.list()
    assert (caught.value.status, len(wire.requests)) == (302, 1)


def test_an_answer_without_end_is_cut_off(wire, monkeypatch):
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 10)
    with pytest.raises(UnexpectedAnswer):
        wire.answers({"voices": ["x" * 20]}).client.voices.list()


def test_a_body_in_a_broken_encoding_is_unexpected(wire):
    broken = httpx.MockTransport(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=_Bytes()))
    with wire.connect(transport=broken) as client, pytest.raises(UnexpectedAnswer):
        client.voices.list()


class _Bytes(httpx.SyncByteStream):
    def __iter__(self):
        yield b"not gzip at all"


def test_the_log_names_the_route_but_neither_id_nor_key(wire, key, caplog):
    wire.answers(status=500).answers(CALL)
    with caplog.at_level(logging.DEBUG, logger="hms_client"):
        wire.client.calls.get("call-_+31600000001_x")
    said = " ".join(record.getMessage() for record in caplog.records if record.name == "hms_client")
    assert "GET /calls/{id}" in said
    assert "31600000001" not in said
    assert key not in said


def test_a_refusal_that_quotes_the_key_is_told_without_it(wire, key):
    for body in ({"error": f"Invalid API key {key}", "key": key}, f"no such key {key}".encode()):
        with pytest.raises(HMSError) as caught:
            wire.answers(body, status=401).client.voices.list()
        assert key not in str(caught.value) + str(vars(caught.value))


def test_a_garbled_yes_that_quotes_the_key_is_told_without_it(wire, key):
    with pytest.raises(UnexpectedAnswer) as caught:
        wire.answers(f"<html>{key}</html>".encode()).client.voices.list()
    assert caught.value.body == "<html>***</html>"


def test_no_error_leads_to_the_request_and_its_key(wire):
    with pytest.raises(HMSError) as caught:
        wire.breaks(httpx.ReadError("gone")).client.calls.end_call("c1")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_time_of_a_known_moment_is_utc(wire):
    assert wire.answers(CALL).client.calls.get("c1").created_at == datetime(2026, 11, 3, 9, tzinfo=UTC)
