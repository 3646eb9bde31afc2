from typing import Any

import pytest

from agencies.models import Agency
from clients import limits
from clients.limits import Limits
from clients.models import Client
from tenancy import door

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(acme: Agency) -> Any:
    with door.enter(acme):
        yield Client.objects.create(name="Ben", email="ben@client.test")


def test_a_client_begins_with_what_is_usual(ben: Client) -> None:
    assert limits.of(ben.pk) == Limits(None, None, 1800, 30, "", "")


def test_limits_are_kept_and_taken_away_again(ben: Client) -> None:
    wanted = Limits(2, 3600, 600, 60, "Please mail us.", "a-1")
    limits.choose(client_id=ben.pk, limits=wanted)
    assert limits.of(ben.pk) == wanted
    limits.choose(client_id=ben.pk, limits=Limits())
    assert Client.objects.get().limits == {}


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("calls_at_once", Limits(calls_at_once=0)),
        ("calls_at_once", Limits(calls_at_once=1001)),
        ("seconds_a_day", Limits(seconds_a_day=0)),
        ("seconds_a_day", Limits(seconds_a_day=29)),
        ("seconds_a_call", Limits(seconds_a_call=29)),
        ("seconds_a_call", Limits(seconds_a_call=4 * 3600 + 1)),
        ("least_seconds", Limits(least_seconds=29)),
        ("sentence", Limits(sentence="x" * 301)),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(ben: Client, field: str, wanted: Limits) -> None:
    with pytest.raises(limits.LimitRefused) as refused:
        limits.choose(client_id=ben.pk, limits=wanted)
    assert refused.value.field == field
    assert limits.of(ben.pk) == Limits()
