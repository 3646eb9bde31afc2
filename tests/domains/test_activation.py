"""Behind a proxy a proved domain is active once its certificate is seen, and nobody is misled while it is not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.models import Agency
from domains import certificates, doctor, records, rhythm, verification
from domains.models import Domain, State
from follow_ups.models import FollowUp
from tests.support import issued
from tests.support.dns_world import Names
from tests.support.issued import Authority

pytestmark = pytest.mark.django_db
Look = Callable[[], Domain]


@pytest.fixture
def claimed(acme: Agency, names: Names, zone: str) -> Domain:
    """Its record stands in DNS and nobody has looked yet."""
    domain = verification.claim(agency_id=acme.pk, typed=f"portal.{zone}")
    names.put(domain.domain, ("CNAME", records.target(domain)))
    return domain


@pytest.fixture
def look(claimed: Domain, names: Names) -> Look:
    return lambda: verification.refresh(domain_id=claimed.pk, dns=names.dns(), now=timezone.now())


def primary(agency: Agency) -> str:
    return agency.domains.get(is_primary=True).domain


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def behind(settings: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Puts the portal behind a proxy at this port, and has it trust the test's authority."""

    def put(port: int) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
        settings.CERTIFICATE_PROBE = f"127.0.0.1:{port}"

    return put


def test_behind_a_proxy_a_domain_is_active_once_its_certificate_is_seen(
    claimed: Domain, look: Look, authority: Authority, behind: Callable[[int], None]
) -> None:
    with issued.shown(authority.issue(claimed.domain)) as port:
        behind(port)
        first = look()
        assert (first.state, first.active_at) == (State.VERIFIED, None), "nobody may have one before the proof is noted"
        second = look()
    assert (second.state, second.finding["code"]) == (State.ACTIVE, "proved_by_cname")
    assert second.active_at is not None
    assert primary(second.tenant) == claimed.domain


def test_without_a_certificate_a_domain_is_served_and_not_primary_and_is_told_why(
    claimed: Domain, look: Look, authority: Authority, behind: Callable[[int], None]
) -> None:
    with issued.shown(authority.issue("other.test")) as port:
        behind(port)
        look()
        found = look()
    assert (found.state, found.finding["code"], found.misses) == (State.VERIFIED, "certificate_failing", 0)
    assert "one for another name" in doctor.words(doctor.read(found.finding))
    assert primary(found.tenant) != claimed.domain


def test_a_domain_that_worked_stays_active_while_its_certificate_fails(
    claimed: Domain, look: Look, authority: Authority, behind: Callable[[int], None]
) -> None:
    assert look().state == State.ACTIVE
    with issued.shown(authority.issue(claimed.domain, days=-1)) as port:
        behind(port)
        found = look()
    assert (found.state, found.finding["code"]) == (State.ACTIVE, "certificate_failing")
    assert "run out" in doctor.words(doctor.read(found.finding))


def test_a_caa_record_in_the_way_is_said_rather_than_that_there_is_no_certificate(
    zone: str, names: Names, look: Look, authority: Authority, behind: Callable[[int], None]
) -> None:
    names.put(zone, ("CAA", '0 issue "other-ca.test"'))
    with issued.shown(authority.issue("other.test")) as port:
        behind(port)
        look()
        found = look()
    assert (found.state, found.finding["code"]) == (State.VERIFIED, "caa_forbids")


def test_s24_a_certificate_that_is_there_before_the_proof_proves_nothing(
    claimed: Domain, names: Names, look: Look, authority: Authority, behind: Callable[[int], None]
) -> None:
    names.put(claimed.domain)
    with issued.shown(authority.issue(claimed.domain)) as port:
        behind(port)
        assert look().state == State.PENDING


def test_a_proved_domain_is_looked_at_again_at_once_for_its_certificate(
    look: Look, authority: Authority, behind: Callable[[int], None]
) -> None:
    FollowUp.objects.all().delete()
    with issued.shown(authority.issue("other.test")) as port:
        behind(port)
        proved = look()
    row = FollowUp.objects.get(kind=verification.KIND)
    assert (row.subject, row.due_at <= timezone.now()) == (str(proved.pk), True)


def test_a_certificate_that_does_not_come_is_looked_for_less_and_less_often(
    claimed: Domain, names: Names, look: Look, authority: Authority, behind: Callable[[int], None]
) -> None:
    with issued.shown(authority.issue("other.test")) as port:
        behind(port)
        start = look().verified_at
        assert start is not None
        for minutes, following in ((0, 1), (1, 2), (2, 5), (41, 60), (61, 120)):
            now = start + timedelta(minutes=minutes)
            waiting = verification.refresh(domain_id=claimed.pk, dns=names.dns(), now=now)
            assert rhythm.next_check_at(waiting, now) == start + timedelta(minutes=following)


def test_each_reason_has_a_sentence() -> None:
    assert len({certificates.words(why) for why in certificates.Why}) == len(certificates.Why)
