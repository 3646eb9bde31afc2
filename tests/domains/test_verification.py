"""A domain's way: claimed, proved, served, failing, lost, given back. Proofs are asked of a real name server."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.models import Agency
from domains import records, resolver, rhythm, verification
from domains.models import Domain, State
from domains.names import BadDomain
from follow_ups.models import FollowUp
from notifications.models import Kind, Notification
from tenancy import network
from tests.support.dns_world import Names

pytestmark = pytest.mark.django_db
Look = Callable[..., Domain]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def look(names: Names) -> Look:
    def looked(domain: Domain, now: datetime | None = None) -> Domain:
        return verification.refresh(domain_id=domain.pk, dns=names.dns(), now=now or timezone.now())

    return looked


@pytest.fixture
def claimed(acme: Agency, zone: str) -> Domain:
    return verification.claim(agency_id=acme.pk, typed=f"portal.{zone}")


@pytest.fixture
def active(claimed: Domain, names: Names, look: Look) -> Domain:
    prove(names, claimed)
    assert look(claimed).state == State.ACTIVE
    return claimed


def prove(names: Names, domain: Domain) -> None:
    names.put(domain.domain, ("CNAME", records.target(domain)))


def vanish(names: Names, domain: Domain) -> None:
    names.put(domain.domain)


def primary(agency: Agency) -> str:
    return agency.domains.get(is_primary=True).domain


def news() -> set[str]:
    return {row.subject.split(":")[1] for row in Notification.objects.filter(kind=Kind.DOMAIN)}


# --- Claiming ---------------------------------------------------------------------------------------------------------


def test_s25_a_claim_has_a_token_of_its_own_that_nobody_guesses(acme: Agency, globex: Agency, zone: str) -> None:
    mine = verification.claim(agency_id=acme.pk, typed=f"portal.{zone}")
    theirs = verification.claim(agency_id=globex.pk, typed=f"portal.{zone}")
    assert mine.token != theirs.token
    assert len(mine.token) * 5 >= 128
    assert set(mine.token) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert len(records.target(mine).split(".")[0]) <= 63


def test_a_claim_is_looked_at_a_minute_later(claimed: Domain) -> None:
    row = FollowUp.objects.get(kind=verification.KIND)
    assert (row.subject, row.due_at, row.agency_id) == (str(claimed.pk), claimed.created_at + MINUTE, claimed.tenant_id)


def test_what_was_typed_is_claimed_in_one_spelling(acme: Agency, zone: str) -> None:
    assert verification.claim(agency_id=acme.pk, typed=f" https://PORTAL.{zone}:443/x ").domain == f"portal.{zone}"


def test_an_agency_claims_a_name_once(claimed: Domain) -> None:
    with pytest.raises(verification.AlreadyClaimed, match="already"):
        verification.claim(agency_id=claimed.tenant_id, typed=claimed.domain)


@pytest.mark.parametrize("name", ["portal.localhost", "globex.portal.localhost", "x.connect.localhost", "127.0.0.1"])
def test_s32_nothing_of_the_platform_can_be_claimed(acme: Agency, name: str) -> None:
    with pytest.raises(BadDomain):
        verification.claim(agency_id=acme.pk, typed=name)


def test_an_agency_has_so_many_domains_and_no_more(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "MOST_OF_ONE_AGENCY", 2)
    for name in ("a.acme.test", "b.acme.test"):
        verification.claim(agency_id=acme.pk, typed=name)
    with pytest.raises(verification.TooManyDomains, match="2 domains"):
        verification.claim(agency_id=acme.pk, typed="c.acme.test")


def test_the_records_are_said_with_and_without_the_zone(acme: Agency) -> None:
    domain = verification.claim(agency_id=acme.pk, typed="portal.acme.co.uk")
    cname, txt = records.cname(domain), records.flattened(domain)[0]
    assert (cname.type, cname.name, cname.name_in_zone) == ("CNAME", "portal.acme.co.uk", "portal")
    assert cname.value == f"{domain.token}.connect.localhost"
    assert (txt.name, txt.name_in_zone) == ("_portal-challenge.portal.acme.co.uk", "_portal-challenge.portal")
    apex = verification.claim(agency_id=acme.pk, typed="acme.co.uk")
    assert records.cname(apex).name_in_zone == "@"
    assert [record.type for record in records.flattened(apex)] == ["TXT", "A"]


# --- Proving ----------------------------------------------------------------------------------------------------------


def test_s24_a_claim_serves_nothing_until_its_record_is_there(names: Names, claimed: Domain, look: Look) -> None:
    for _attempt in range(2):
        assert look(claimed).state == State.PENDING
        with pytest.raises(resolver.UnverifiedHost):
            resolver.resolve(claimed.domain)
    prove(names, claimed)
    proved = look(claimed)
    assert (proved.state, proved.proved_by) == (State.ACTIVE, "cname")
    assert resolver.resolve(claimed.domain).agency == claimed.tenant


def test_a_txt_record_proves_where_the_addresses_are_ours(names: Names, claimed: Domain, look: Look) -> None:
    names.put(claimed.domain, ("A", "127.0.0.1"))
    assert look(claimed).state == State.PENDING
    names.put(records.challenge_name(claimed), ("TXT", claimed.token))
    assert look(claimed).proved_by == "txt"


def test_s25_the_record_of_another_agencys_claim_proves_nothing(
    globex: Agency, names: Names, claimed: Domain, look: Look
) -> None:
    theirs = verification.claim(agency_id=globex.pk, typed=claimed.domain)
    prove(names, claimed)
    names.put(records.challenge_name(theirs), ("TXT", claimed.token))
    assert look(theirs).state == State.PENDING
    assert theirs.was_beaten_at is None


def test_what_was_found_is_kept(claimed: Domain, names: Names, look: Look) -> None:
    names.put(claimed.domain, ("CNAME", "shops.example.net"))
    domain = look(claimed)
    assert domain.finding["code"] == "cname_elsewhere"
    assert domain.finding["facts"]["aliases"] == ["shops.example.net"]
    assert domain.checked_at is not None


def test_the_network_is_never_asked_inside_a_transaction(claimed: Domain, look: Look) -> None:
    with transaction.atomic(), pytest.raises(network.InsideTransaction):
        look(claimed)


def test_a_domain_becomes_primary_the_first_time_it_is_active(acme: Agency, active: Domain) -> None:
    assert primary(acme) == active.domain
    assert resolver.resolve("acme.portal.localhost").primary_host == active.domain


def test_the_owners_are_told_of_the_proof_once(active: Domain, look: Look) -> None:
    Notification.objects.filter(kind=Kind.DOMAIN).delete()
    look(active)
    assert news() == set()


def test_a_second_domain_takes_over_once_it_is_proved_and_not_before(
    acme: Agency, active: Domain, names: Names, look: Look, zone: str
) -> None:
    second = verification.claim(agency_id=acme.pk, typed=f"new.{zone}")
    look(second)
    assert primary(acme) == active.domain
    prove(names, second)
    look(second)
    assert primary(acme) == second.domain
    assert resolver.resolve(active.domain).primary_host == second.domain


def test_a_domain_that_the_agency_did_not_choose_stays_aside(
    acme: Agency, active: Domain, names: Names, look: Look
) -> None:
    verification.make_primary(domain_id=acme.domains.get(kind="slug").pk)
    look(active)
    assert primary(acme) == "acme.portal.localhost"
    start = timezone.now()
    failed(active, names, look, start)
    prove(names, active)
    assert look(active, start + 5 * HOUR).state == State.ACTIVE
    assert primary(acme) == "acme.portal.localhost", "and does not push itself forward when it comes back"


def test_a_look_that_changes_nothing_makes_no_process_ask_anew(
    active: Domain, look: Look, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks() as waiting:
        look(active)
    assert waiting == []


# --- First proof wins -------------------------------------------------------------------------------------------------


def test_s26_a_claim_without_proof_keeps_nobody_away(
    acme: Agency, globex: Agency, names: Names, claimed: Domain, look: Look
) -> None:
    theirs = verification.claim(agency_id=globex.pk, typed=claimed.domain)
    prove(names, theirs)
    assert look(theirs).state == State.ACTIVE
    claimed.refresh_from_db()
    assert (claimed.state, claimed.was_beaten_at is not None) == (State.PENDING, True)
    assert Notification.objects.filter(kind=Kind.DOMAIN, agency=acme, subject=f"{claimed.pk}:beaten").exists()
    assert resolver.resolve(claimed.domain).agency == globex


def test_s26_a_later_proof_takes_nothing_from_whoever_is_served(
    globex: Agency, names: Names, active: Domain, look: Look
) -> None:
    theirs = verification.claim(agency_id=globex.pk, typed=active.domain)
    assert theirs.was_beaten_at is not None, "it is said from the start"
    FollowUp.objects.filter(kind=verification.KIND).delete()
    prove(names, theirs)
    assert look(theirs).state == State.PENDING
    assert resolver.resolve(active.domain).agency == active.tenant
    row = FollowUp.objects.get(kind=verification.KIND)
    assert (row.subject, row.agency_id) == (str(active.pk), active.tenant_id), "the holder is looked at, now"


def test_a_proof_takes_the_name_from_an_agency_that_fails_to_prove_it(
    acme: Agency, globex: Agency, names: Names, active: Domain, look: Look
) -> None:
    theirs, now = verification.claim(agency_id=globex.pk, typed=active.domain), timezone.now()
    prove(names, theirs)
    for hours in (1, 2, 3):
        look(active, now + hours * HOUR)
    assert look(theirs, now + 4 * HOUR).state == State.ACTIVE
    active.refresh_from_db()
    assert (active.state, active.was_beaten_at is not None) == (State.LOST, True)
    assert resolver.resolve(active.domain).agency == globex
    assert primary(acme) == "acme.portal.localhost"


def test_the_database_itself_lets_one_name_lead_to_one_agency(active: Domain, globex: Agency) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        globex.domains.create(domain=active.domain, kind="custom", state="verified", token="other")


# --- Failing and losing -----------------------------------------------------------------------------------------------


def failed(active: Domain, names: Names, look: Look, start: datetime) -> Domain:
    vanish(names, active)
    for hours in (1, 2, 3):
        domain = look(active, start + hours * HOUR)
    return domain


def test_s27_three_misses_warn_and_the_slugs_host_is_primary_again(
    acme: Agency, active: Domain, names: Names, look: Look
) -> None:
    vanish(names, active)
    start = timezone.now()
    for misses in (1, 2):
        domain = look(active, start + misses * HOUR)
        assert (domain.state, domain.misses) == (State.ACTIVE, misses)
        assert primary(acme) == active.domain
    assert look(active, start + 3 * HOUR).state == State.FAILING
    assert primary(acme) == "acme.portal.localhost"
    assert "failing" in news()
    assert resolver.resolve(active.domain).primary_host == "acme.portal.localhost", "still served"


def test_s27_seven_days_later_it_serves_nothing_and_the_owner_is_told(
    acme: Agency, active: Domain, names: Names, look: Look
) -> None:
    start = timezone.now()
    failing_at = failed(active, names, look, start).failing_at
    assert failing_at is not None
    assert look(active, failing_at + 7 * DAY - MINUTE).state == State.FAILING
    lost = look(active, failing_at + 7 * DAY + HOUR)
    assert (lost.state, lost.lost_at) == (State.LOST, failing_at + 7 * DAY + HOUR)
    assert "lost" in news()
    with pytest.raises(resolver.UnverifiedHost):
        resolver.resolve(active.domain)


def test_somebody_who_asks_again_and_again_makes_no_misses(active: Domain, names: Names, look: Look) -> None:
    vanish(names, active)
    start = timezone.now() + HOUR
    for seconds in range(0, 600, 60):
        domain = look(active, start + timedelta(seconds=seconds))
    assert (domain.state, domain.misses) == (State.ACTIVE, 1)


def test_name_servers_that_are_silent_for_hours_fail_nobody(active: Domain, names: Names) -> None:
    names.trouble(active.domain, "silence")
    dns, start = names.dns(lifetime=0.3), timezone.now()
    for hours in range(1, 20, 6):
        domain = verification.refresh(domain_id=active.pk, dns=dns, now=start + hours * HOUR)
    assert (domain.finding["code"], domain.state, domain.misses) == ("timed_out", State.ACTIVE, 1)
    for days in (1, 2, 3):
        domain = verification.refresh(domain_id=active.pk, dns=dns, now=start + days * DAY + HOUR)
    assert domain.state == State.FAILING


@pytest.mark.parametrize("days", [0, 8])
def test_a_record_that_comes_back_brings_the_domain_back_as_it_was(
    acme: Agency, active: Domain, names: Names, look: Look, days: int
) -> None:
    start = timezone.now()
    failed(active, names, look, start)
    if days:
        assert look(active, start + days * DAY).state == State.LOST
    prove(names, active)
    back = look(active, start + days * DAY + 5 * HOUR)
    assert (back.state, back.misses, back.failing_at, back.lost_at) == (State.ACTIVE, 0, None, None)
    assert primary(acme) == active.domain


# --- Giving back ------------------------------------------------------------------------------------------------------


def test_s28_a_name_given_back_serves_nothing_at_once(acme: Agency, active: Domain, look: Look) -> None:
    verification.release(domain_id=active.pk)
    assert primary(acme) == "acme.portal.localhost"
    with pytest.raises(resolver.UnknownHost):
        resolver.resolve(active.domain)
    assert look(active).state == State.RELEASED, "no look brings it back, although its record is still there"


def test_s28_a_name_given_back_is_kept_for_its_agency_for_30_days(acme: Agency, globex: Agency, active: Domain) -> None:
    FollowUp.objects.all().delete()
    for _twice in range(2):
        verification.release(domain_id=active.pk)
    with pytest.raises(verification.KeptForAnother, match="from 20"):
        verification.claim(agency_id=globex.pk, typed=active.domain)
    active.refresh_from_db()
    assert active.released_at is not None
    row = FollowUp.objects.get(kind=verification.KIND)
    assert (row.subject, row.due_at) == (str(active.pk), active.released_at + 30 * DAY)
    Domain.objects.filter(pk=active.pk).update(released_at=timezone.now() - 30 * DAY)
    assert verification.claim(agency_id=globex.pk, typed=active.domain).state == State.PENDING


def test_an_agency_that_wants_its_name_back_needs_no_other_record(
    acme: Agency, globex: Agency, active: Domain, look: Look
) -> None:
    verification.release(domain_id=active.pk)
    again = verification.claim(agency_id=acme.pk, typed=active.domain)
    assert (again.pk, again.token, again.state) == (active.pk, active.token, State.PENDING)
    with pytest.raises(verification.KeptForAnother):
        verification.claim(agency_id=globex.pk, typed=active.domain)
    assert look(again).state == State.ACTIVE


def test_s28_the_target_of_one_agency_is_never_the_target_of_another(globex: Agency, active: Domain) -> None:
    Domain.objects.filter(pk=active.pk).update(
        state="released", released_at=timezone.now() - 31 * DAY, is_primary=False
    )
    theirs = verification.claim(agency_id=globex.pk, typed=active.domain)
    assert records.target(theirs) != records.target(active)


def test_a_claim_that_was_never_proved_goes_without_a_trace(claimed: Domain, globex: Agency) -> None:
    verification.release(domain_id=claimed.pk)
    assert not Domain.objects.filter(pk=claimed.pk).exists()
    assert verification.claim(agency_id=globex.pk, typed=claimed.domain).state == State.PENDING


def test_the_slugs_host_cannot_be_given_back(acme: Agency) -> None:
    with pytest.raises(verification.SlugStays):
        verification.release(domain_id=acme.domains.get().pk)


def test_a_name_that_was_given_back_while_it_was_looked_at_stays_given_back(
    active: Domain, names: Names, monkeypatch: pytest.MonkeyPatch, look: Look
) -> None:
    examine = verification.doctor.examine

    def meanwhile(*args: object, **how: object) -> object:
        verification.release(domain_id=active.pk)
        return examine(*args, **how)

    monkeypatch.setattr(verification.doctor, "examine", meanwhile)
    assert look(active).state == State.RELEASED


# --- The primary host -------------------------------------------------------------------------------------------------


def test_only_a_host_that_works_can_be_primary(acme: Agency, claimed: Domain, active: Domain) -> None:
    verification.make_primary(domain_id=acme.domains.get(kind="slug").pk)
    assert primary(acme) == "acme.portal.localhost"
    verification.make_primary(domain_id=active.pk)
    assert primary(acme) == active.domain


@pytest.mark.parametrize("state", ["pending", "verified", "failing", "lost", "released"])
def test_a_domain_that_is_not_active_cannot_be_primary(acme: Agency, claimed: Domain, state: str) -> None:
    Domain.objects.filter(pk=claimed.pk).update(state=state)
    with pytest.raises(verification.NotActive, match="does not work yet"):
        verification.make_primary(domain_id=claimed.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        acme.domains.update(is_primary=False)
        Domain.objects.filter(pk=claimed.pk).update(is_primary=True)


# --- Asking now -------------------------------------------------------------------------------------------------------


def test_a_person_asks_once_in_ten_seconds(claimed: Domain, names: Names) -> None:
    now = timezone.now()
    verification.refresh_now(domain_id=claimed.pk, dns=names.dns(), now=now)
    asked = len(names.questions(claimed.domain))
    for seconds, left in ((0, 10), (3, 7), (9.5, 1)):
        with pytest.raises(verification.AskedTooSoon, match=f"in {left} second") as refused:
            verification.refresh_now(domain_id=claimed.pk, dns=names.dns(), now=now + timedelta(seconds=seconds))
        assert refused.value.seconds_left == left
    assert len(names.questions(claimed.domain)) == asked
    verification.refresh_now(domain_id=claimed.pk, dns=names.dns(), now=now + timedelta(seconds=10))


# --- When to look -----------------------------------------------------------------------------------------------------


def looks(domain: Domain, start: datetime, until: timedelta) -> list[timedelta]:
    now, found = start, []
    while (now := rhythm.next_check_at(domain, now)) <= start + until:
        found.append(now - start)
    return found


def test_a_claim_is_looked_at_less_and_less_often_for_seven_days() -> None:
    start = timezone.now()
    domain = Domain(state=State.PENDING, created_at=start)
    found = looks(domain, start, 7 * DAY - MINUTE)
    assert found[:8] == [minutes * MINUTE for minutes in (1, 2, 5, 10, 20, 40, 60, 120)]
    assert found[6:53] == [hours * HOUR for hours in range(1, 48)]
    assert found[53:] == [days * DAY for days in range(2, 7)]
    assert not rhythm.is_over(domain, start + 7 * DAY - MINUTE)
    assert rhythm.is_over(domain, start + 7 * DAY)


def test_what_works_is_looked_at_daily_and_what_is_missing_hourly() -> None:
    now = timezone.now()
    assert rhythm.next_check_at(Domain(state=State.ACTIVE), now) == now + DAY
    assert rhythm.next_check_at(Domain(state=State.LOST), now) == now + DAY
    assert rhythm.next_check_at(Domain(state=State.ACTIVE, misses=1), now) == now + HOUR
    assert rhythm.next_check_at(Domain(state=State.FAILING, misses=3, failing_at=now), now) == now + MINUTE
    assert rhythm.next_check_at(Domain(state=State.RELEASED, released_at=now - DAY), now) == now + 29 * DAY


@pytest.mark.parametrize("state", [state for state in State if state is not State.RELEASED])
def test_the_next_look_is_always_ahead(state: State) -> None:
    start = timezone.now()
    for late in (0, 59, 60, 3_600, 172_800, 172_801, 604_800, 9_999_999):
        now = start + timedelta(seconds=late)
        domain = Domain(state=state, created_at=start, verified_at=start, failing_at=start)
        assert rhythm.next_check_at(domain, now) >= now


# --- Letting go -------------------------------------------------------------------------------------------------------


def test_s26_a_claim_without_proof_ends_after_seven_days(claimed: Domain) -> None:
    end = claimed.created_at + 7 * DAY
    assert not verification.bury(domain_id=claimed.pk, now=end - MINUTE)
    assert verification.bury(domain_id=claimed.pk, now=end)
    assert not verification.bury(domain_id=claimed.pk, now=end)
    assert not Domain.objects.filter(pk=claimed.pk).exists()


def test_a_name_claimed_again_and_not_proved_again_is_kept_back_as_before(active: Domain, names: Names) -> None:
    verification.release(domain_id=active.pk)
    again = verification.claim(agency_id=active.tenant_id, typed=active.domain)
    assert verification.bury(domain_id=again.pk, now=again.created_at + 7 * DAY)
    again.refresh_from_db()
    assert again.state == State.RELEASED
    assert verification.bury(domain_id=again.pk, now=again.released_at + 30 * DAY)
    assert not Domain.objects.filter(pk=active.pk).exists()
