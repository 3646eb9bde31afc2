import pytest

from hms_client import UnexpectedAnswer

ROW = {"id": "a1", "name": "Front desk", "webhook_secret": "whsec_1", "webhook_url": "https://x.test/hook/t0ken"}


@pytest.mark.parametrize("body", [{"assistants": [ROW]}, [ROW]])
def test_a_list_is_read_wrapped_or_bare(wire, body):
    assert [each.id for each in wire.answers(body).client.assistants.list()] == ["a1"]


@pytest.mark.parametrize("body", [{"assistant": ROW}, ROW])
def test_one_row_is_read_wrapped_or_bare(wire, body):
    assert wire.answers(body).client.assistants.get("a1").name == "Front desk"


@pytest.mark.parametrize("body", [None, {}, {"assistants": None}, {"assistants": "x"}, {"assistants": [5]}, "x", 5])
def test_what_is_no_list_is_unexpected(wire, body):
    with pytest.raises(UnexpectedAnswer):
        wire.answers(body).client.assistants.list()


@pytest.mark.parametrize("body", [None, {}, {"assistant": None}, {"assistant": {"name": "no id"}}, []])
def test_what_is_no_row_is_unexpected(wire, body):
    with pytest.raises(UnexpectedAnswer):
        wire.answers(body).client.assistants.get("a1")


def test_printing_an_assistant_tells_neither_its_secret_nor_its_hook(wire):
    read = wire.answers({"assistant": ROW}).client.assistants.get("a1")
    assert read.webhook_secret == "whsec_1"
    assert "whsec_1" not in repr(read)
    assert "t0ken" not in repr(read)
