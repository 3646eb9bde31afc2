"""Who began to sign up: shown with the step at which it stopped, until they are a client."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import sign_ups
from agencies.models import Agency
from agencies.sign_ups import Step
from clients import sign_up
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def inside(acme: Agency) -> Iterator[None]:
    with door.enter(acme):
        yield


def began(name: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name}@client.test", name=name, **fields)


def test_somebody_is_told_with_the_step_at_which_it_stopped() -> None:
    began("zoe")
    ben = began("ben")
    EmailAddress.objects.create(user=ben, email=ben.email, verified=True)
    found = {each.email: each.step for each in sign_ups.unfinished(limit=9)}
    assert found == {"zoe@client.test": Step.CODE, "ben@client.test": Step.ARRIVAL}


def test_a_client_and_somebody_switched_off_are_not_told() -> None:
    sign_up.register(user=began("zoe"), name="Zoe")
    began("ben", is_active=False)
    assert sign_ups.unfinished(limit=9) == []


def test_the_latest_come_first_within_a_bound_and_one_query() -> None:
    for number in range(4):
        began(f"c{number}", created_at=timezone.now() - timedelta(hours=number))
    with CaptureQueriesContext(connection) as queries:
        assert [each.name for each in sign_ups.unfinished(limit=3)] == ["c0", "c1", "c2"]
    assert len(queries) == 1


@pytest.mark.parametrize(("words", "shown"), [("ZOE", 1), ("%", 0), ("\0", 2), (" ben@ ", 1)])
def test_an_address_is_found(words: str, shown: int) -> None:
    began("zoe")
    began("ben")
    assert len(sign_ups.unfinished(search=words, limit=9)) == shown
