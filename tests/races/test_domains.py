"""Two agencies and one name: whatever they do at the same time, it leads to one of them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agencies import addresses
from agencies.models import Agency
from domains import links, records, verification
from domains.models import SERVED, Domain, State
from tests.support.dns_world import Names

ROUNDS = 5


@pytest.fixture
def rivals(own_agency: Agency, rival_agency: Agency) -> list[Agency]:
    return [own_agency, rival_agency]


def at_once(work: Any, items: list[Any]) -> list[Any]:
    def alone(item: Any) -> Any:
        try:
            return work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(alone, items))


def test_s26_two_agencies_prove_one_name_at_the_same_time_and_one_wins(
    rivals: list[Agency], names: Names, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    examine = verification.doctor.examine
    together = Barrier(2)

    def examined_together(*args: Any, **how: Any) -> Any:
        found = examine(*args, **how)
        together.wait(10)
        return found

    monkeypatch.setattr(verification.doctor, "examine", examined_together)
    for number in range(ROUNDS):
        claims = [verification.claim(agency_id=each.pk, typed=f"n{number}.{zone}") for each in rivals]
        names.put(claims[0].domain, ("A", "127.0.0.1"))
        names.put(records.challenge_name(claims[0]), *(("TXT", claim.token) for claim in claims))
        states = at_once(
            lambda claim: verification.refresh(domain_id=claim.pk, dns=names.dns(), now=timezone.now()).state, claims
        )
        assert sorted(states) == [State.ACTIVE, State.PENDING]
        rows = Domain.objects.filter(domain=claims[0].domain)
        assert rows.filter(state__in=SERVED).count() == 1
        assert rows.get(state=State.PENDING).was_beaten_at is not None
    for agency in rivals:
        assert Domain.objects.filter(tenant=agency, is_primary=True).count() == 1


def test_one_agency_that_sends_its_form_twice_claims_once(own_agency: Agency, zone: str) -> None:
    start = Barrier(4)

    def claim(_number: int) -> str:
        start.wait(10)
        try:
            return verification.claim(agency_id=own_agency.pk, typed=f"portal.{zone}").state
        except verification.AlreadyClaimed:
            return "already"

    assert sorted(at_once(claim, list(range(4)))) == ["already", "already", "already", "pending"]


def test_a_domain_that_is_checked_and_given_back_at_the_same_time_ends_given_back(
    own_agency: Agency, names: Names, zone: str
) -> None:
    for number in range(ROUNDS):
        domain = verification.claim(agency_id=own_agency.pk, typed=f"n{number}.{zone}")
        names.put(domain.domain, ("CNAME", records.target(domain)))
        verification.refresh(domain_id=domain.pk, dns=names.dns(), now=timezone.now())
        work = [
            lambda pk=domain.pk: verification.refresh(domain_id=pk, dns=names.dns(), now=timezone.now()),
            lambda pk=domain.pk: verification.release(domain_id=pk),
        ]
        at_once(lambda do: do(), work)
        domain.refresh_from_db()
        assert domain.state == State.RELEASED
        assert Domain.objects.get(tenant=own_agency, is_primary=True).kind == Domain.Kind.SLUG


def test_two_agencies_that_want_one_slug_at_once_get_it_once(rivals: list[Agency]) -> None:
    start = Barrier(2)
    wanted = f"wanted-{rivals[0].pk}"

    def change(agency: Agency) -> str:
        start.wait(10)
        try:
            return addresses.change_slug(agency_id=agency.pk, slug=wanted).slug
        except addresses.SlugTaken:
            return "taken"

    assert sorted(at_once(change, rivals)) == ["taken", wanted]
    assert Domain.objects.filter(domain=links.slug_host(wanted)).count() == 1
    assert Domain.objects.filter(tenant__in=rivals, is_primary=True).count() == 2
