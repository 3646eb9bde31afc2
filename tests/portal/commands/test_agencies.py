"""Operators' commands about agencies: each says what it did, and fails with a sentence."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agencies import opening
from agencies.arrivals import arrive
from agencies.models import Agency, Membership
from billing.models import Package, Purchase
from follow_ups.models import FollowUp
from inbox.models import StripeEvent
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_agencies_are_listed_with_their_state() -> None:
    listed = run("agencies")
    assert "acme" in listed
    assert "portal off" in listed
    assert listed.endswith("2 agencies, 0 portals on.\n")


def test_a_longer_list_takes_no_more_queries(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3):
        listed = run("agencies")
    assert "http://acme.portal.localhost:8000/" in listed


def test_an_agency_is_opened_for_a_new_owner() -> None:
    assert "Opened harbour" in run(
        "open_agency", "--slug", "harbour", "--company", "Harbour", "--owner", "H@harbour.test"
    )
    assert Membership.objects.get(agency__slug="harbour").user.email == "h@harbour.test"


def test_a_taken_slug_opens_nothing_and_makes_nobody() -> None:
    with pytest.raises(CommandError, match="taken"):
        run("open_agency", "--slug", "acme", "--company", "X", "--owner", "x@x.test")
    assert not User.objects.filter(email="x@x.test").exists()


def test_an_owner_of_too_many_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_OPEN_BY_ONE_OWNER", 1)
    with pytest.raises(CommandError, match="the most that one person can open"):
        run("open_agency", "--slug", "harbour", "--company", "Harbour", "--owner", "ada@acme.test")


def test_an_incomplete_portal_is_not_switched_on() -> None:
    with pytest.raises(CommandError, match="hms_key"):
        run("activate", "--agency", "acme")
    assert not Agency.objects.get(slug="acme").portal_is_on


def test_a_portal_is_switched_off() -> None:
    Agency.objects.filter(slug="acme").update(portal_is_on=True, portal_on_since="2026-01-01T00:00Z")
    assert "is off" in run("activate", "--agency", "acme", "--off")
    assert not Agency.objects.get(slug="acme").portal_is_on


def test_an_operator_is_made_and_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda: "a long enough secret")
    run("createoperator", "op@platform.test", "--password-stdin")
    operator = User.objects.get(email="op@platform.test")
    assert operator.is_operator
    assert operator.check_password("a long enough secret")


def test_follow_ups_are_listed_with_what_went_wrong(acme: Agency) -> None:
    FollowUp.objects.create(agency=acme, kind="minutes", attempts=3, error="HMS is away")
    listed = run("follow_ups", "--agency", "acme")
    assert "3 tries: HMS is away" in listed
    assert listed.endswith("1 follow-ups wait, 1 of them after a failure.\n")


def test_work_that_nobody_knows_is_an_error(acme: Agency) -> None:
    FollowUp.objects.create(agency=acme, kind="dance")
    with pytest.raises(CommandError, match="dance"):
        run("follow_ups", "--all")


def work_to_do(agency: Agency) -> None:
    """A client whose organization is wanted, and a purchase that is under way."""
    with door.enter(agency):
        client = arrive(user=User.objects.create_user("ben@client.test"), name="Ben")
        package = Package.objects.create(name="100 credits", credits=100, price_minor=4000)
        Purchase.objects.create(
            client=client,
            package=package,
            package_name="100 credits",
            seconds=6000,
            price_minor=4000,
            currency="eur",
            livemode=False,
            stripe_price_id="price_1",
        )


def test_follow_ups_are_derived_anew_from_what_is_open(acme: Agency, globex: Agency) -> None:
    work_to_do(acme)
    work_to_do(globex)
    StripeEvent.objects.create(
        agency=acme, event_id="evt_1", type="x", livemode=False, event_at="2026-01-01T00:00Z", payload=b"{}"
    )
    FollowUp.objects.all().delete()
    run("follow_ups", "rebuild", "--agency", "acme")
    kinds = sorted(FollowUp.objects.filter(agency=acme).values_list("kind", flat=True))
    assert kinds == ["notification", "organization", "purchase_check", "stripe_event"]
    assert not FollowUp.objects.filter(agency=globex).exists()


def test_rebuilding_twice_asks_for_nothing_twice(acme: Agency) -> None:
    work_to_do(acme)
    for _twice in range(2):
        assert "3 follow-ups are asked for" in run("follow_ups", "rebuild", "--all")
    assert FollowUp.objects.count() == 3


@pytest.mark.parametrize(
    "command", [["follow_ups"], ["follow_ups", "--agency", "nobody"], ["activate", "--agency", "nobody"]]
)
def test_an_agency_that_is_not_named_or_not_there_is_an_error(command: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*command)
