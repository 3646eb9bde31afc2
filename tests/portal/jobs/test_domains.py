"""Domains are looked at by themselves, and the owners are told what changes, each once and in plain words."""

import smtplib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from agencies import addresses, due_work, notifying
from agencies.models import Agency, Membership
from domains import records, verification
from domains.models import Domain, State
from follow_ups import agenda
from follow_ups.models import FollowUp
from people.models import User
from portal import wording
from portal.jobs import registry
from tests.support.dns_world import Names

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def asked(names: Names, settings: Any) -> None:
    settings.DNS_SERVERS, settings.DNS_AUTHORITATIVE_PORT = [f"127.0.0.1:{names.port}"], names.port
    settings.PUBLIC_PORT = ""


@pytest.fixture
def domain(acme: Agency, zone: str) -> Domain:
    return verification.claim(agency_id=acme.pk, typed=f"portal.{zone}")


def work_off() -> None:
    """Do all that is due, as the dispatcher and a worker do; what is asked for meanwhile as well."""
    for _round in range(10):
        claimed = agenda.claim()
        for row in claimed:
            registry.look_after(
                agency_id=row.agency_id, row=row.id, kind=row.kind, subject=row.subject, serial=row.serial
            )
        if not claimed:
            return
    raise AssertionError("the work asks for itself again and again")


def due(domain: Domain) -> datetime:
    return FollowUp.objects.get(kind=verification.KIND, subject=str(domain.pk)).due_at


def later(domain: Domain, **changes: Any) -> Domain:
    """The row as it would be after some time, and its job done."""
    Domain.objects.filter(pk=domain.pk).update(**changes)
    FollowUp.objects.filter(kind=verification.KIND).update(due_at=timezone.now(), claimed_until=None)
    work_off()
    domain.refresh_from_db()
    return domain


def prove(names: Names, domain: Domain) -> None:
    names.put(domain.domain, ("CNAME", records.target(domain)))


def mails() -> list[tuple[str, list[str]]]:
    return [(message.subject, message.to) for message in mail.outbox]


def test_a_claim_is_proved_without_anybody_asking_and_its_owner_told(domain: Domain, names: Names) -> None:
    later(domain)
    assert (domain.state, domain.finding["code"]) == (State.PENDING, "no_such_name")
    assert timezone.now() < due(domain) <= timezone.now() + timedelta(minutes=2)
    prove(names, domain)
    later(domain)
    assert domain.state == State.ACTIVE
    assert timedelta(hours=23) < due(domain) - timezone.now() <= DAY
    assert mails() == [(f"Acme Voice: {domain.domain} is proved", ["ada@acme.test"])]
    message = mail.outbox[0]
    assert message.from_email.startswith("Portal <"), "the platform writes, in its own name"
    html, _kind = message.alternatives[0]
    for text in (message.body, html):
        assert domain.domain in text
        assert "http://portal.localhost/agencies/acme/" in text
        assert "is yours" in text
        assert "Acme Voice" in text


def test_every_owner_is_told_and_nobody_else(acme: Agency, domain: Domain, names: Names) -> None:
    for name, role in (("eve", "owner"), ("max", "manager"), ("vic", "viewer")):
        user = User.objects.create_user(f"{name}@acme.test")
        Membership.objects.create(agency=acme, user=user, role=role)
    prove(names, domain)
    later(domain)
    assert sorted(to for _subject, to in mails()) == [["ada@acme.test"], ["eve@acme.test"]]


def test_a_mail_server_that_is_away_repeats_one_mail_and_not_all(
    acme: Agency, domain: Domain, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    Membership.objects.create(agency=acme, user=User.objects.create_user("eve@acme.test"), role="owner")
    send = mail.EmailMultiAlternatives.send

    def sometimes(message: Any, **how: Any) -> Any:
        if message.to == ["eve@acme.test"]:
            raise smtplib.SMTPDataError(451, b"later")
        return send(message, **how)

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", sometimes)
    prove(names, domain)
    later(domain)
    waiting = FollowUp.objects.get(kind=notifying.MAIL_KIND)
    assert (waiting.error, mails()) == (
        "SMTPDataError: (451, b'later')",
        [(f"Acme Voice: {domain.domain} is proved", ["ada@acme.test"])],
    )
    monkeypatch.undo()
    FollowUp.objects.filter(pk=waiting.pk).update(due_at=timezone.now())
    work_off()
    assert [to for _subject, to in mails()] == [["ada@acme.test"], ["eve@acme.test"]]


def test_s26_the_agency_that_came_second_is_told(domain: Domain, globex: Agency, names: Names) -> None:
    theirs = verification.claim(agency_id=globex.pk, typed=domain.domain)
    prove(names, theirs)
    later(theirs)
    told = {tuple(to): subject for subject, to in mails()}
    assert told == {
        ("gus@globex.test",): f"Globex: {domain.domain} is proved",
        ("ada@acme.test",): f"Acme Voice: {domain.domain} belongs to another portal",
    }
    assert not any("globex" in message.body.lower() for message in mail.outbox if message.to == ["ada@acme.test"])


def test_s27_the_owners_are_warned_after_three_misses_and_told_after_seven_days(domain: Domain, names: Names) -> None:
    prove(names, domain)
    later(domain)
    mail.outbox.clear()
    names.put(domain.domain, ("CNAME", "shops.example.net"))
    hours = timedelta(hours=2)
    for _miss in range(2):
        later(domain, missed_at=timezone.now() - hours)
    assert (domain.state, mails()) == (State.ACTIVE, [])
    later(domain, missed_at=timezone.now() - hours)
    assert domain.state == State.FAILING
    assert mails() == [(f"Acme Voice: {domain.domain} no longer leads to your portal", ["ada@acme.test"])]
    day = wording.day(timezone.localdate(domain.failing_at + 7 * DAY))
    for words in ("shops.example.net", records.target(domain), f"switched off on {day}"):
        assert words in " ".join(mail.outbox[0].body.split()), words
    later(domain, missed_at=timezone.now() - hours, failing_at=timezone.now() - 7 * DAY)
    assert domain.state == State.LOST
    assert mails()[1:] == [(f"Acme Voice: {domain.domain} is switched off", ["ada@acme.test"])]
    assert timedelta(hours=23) < due(domain) - timezone.now() <= DAY, "looked at for ever"


def test_what_is_not_so_any_more_is_not_told(domain: Domain, names: Names) -> None:
    prove(names, domain)
    verification.refresh(domain_id=domain.pk, dns=names.dns(), now=timezone.now())
    verification.release(domain_id=domain.pk)
    work_off()
    assert mails() == []


def test_an_international_name_is_told_as_people_read_it(acme: Agency, names: Names) -> None:
    domain = verification.claim(agency_id=acme.pk, typed="portal.münchen.test")
    prove(names, domain)
    later(domain)
    assert mails()[0][0] == "Acme Voice: portal.münchen.test is proved"


def test_s26_a_claim_that_nobody_proves_goes_after_seven_days(domain: Domain) -> None:
    Domain.objects.filter(pk=domain.pk).update(created_at=timezone.now() - 7 * DAY)
    FollowUp.objects.update(due_at=timezone.now())
    work_off()
    assert not Domain.objects.filter(pk=domain.pk).exists()
    assert not FollowUp.objects.exists()


def test_a_name_given_back_is_forgotten_after_thirty_days(domain: Domain, names: Names) -> None:
    prove(names, domain)
    later(domain)
    verification.release(domain_id=domain.pk)
    later(domain)
    assert due(domain) == domain.released_at + 30 * DAY
    Domain.objects.filter(pk=domain.pk).update(released_at=timezone.now() - 30 * DAY)
    FollowUp.objects.filter(kind=verification.KIND).update(due_at=timezone.now())
    work_off()
    assert not Domain.objects.filter(pk=domain.pk).exists()


def test_the_job_of_a_claim_that_is_gone_ends(domain: Domain) -> None:
    Domain.objects.filter(pk=domain.pk).delete()
    FollowUp.objects.update(due_at=timezone.now())
    work_off()
    assert not FollowUp.objects.exists()


def test_a_former_slug_is_freed_on_its_day(acme: Agency) -> None:
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    former = acme.domains.get(gives_way_at__isnull=False)
    FollowUp.objects.update(due_at=timezone.now())
    work_off()
    row = FollowUp.objects.get(kind=addresses.KIND)
    assert row.due_at == former.gives_way_at, "asked too early, it waits"
    acme.domains.filter(pk=former.pk).update(gives_way_at=timezone.now())
    FollowUp.objects.update(due_at=timezone.now())
    work_off()
    assert addresses.agency_id_of("acme") is None


def test_work_that_was_lost_is_found_again_from_the_rows(acme: Agency, domain: Domain) -> None:
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    former = acme.domains.get(gives_way_at__isnull=False)
    FollowUp.objects.all().delete()
    due_work.rebuild(acme)
    wanted = set(FollowUp.objects.values_list("kind", "subject"))
    assert wanted == {(verification.KIND, str(domain.pk)), (addresses.KIND, str(former.pk))}
