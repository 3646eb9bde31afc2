"""The log: one chain for each agency, part of the transaction of what it tells, without secrets, and never changed."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError

from agencies.models import Agency
from audit import proof, trail
from audit.models import AuditEntry, AuditHead
from tenancy import door
from tenancy.wire import connection as wire

pytestmark = pytest.mark.django_db
ADA = trail.Who("member", "1", "ada@acme.test", "owner", "192.0.2.7")


def write(agency: Agency, what: str = "brand.changed", **more: object) -> AuditEntry:
    return trail.write(agency_id=agency.pk, who=ADA, what=what, **more)  # type: ignore[arg-type]


def tamper(sql: str, *values: object) -> None:
    """As somebody would who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_entries_stay")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_entries_stay")


@pytest.fixture
def three(acme: Agency) -> Agency:
    for number in range(3):
        write(acme, before={"name": f"{number}"}, after={"name": f"{number + 1}"})
    return acme


def test_entries_count_from_one_in_each_agency(acme: Agency, globex: Agency) -> None:
    assert [write(acme).number, write(globex).number, write(acme).number] == [1, 1, 2]
    assert list(proof.problems(acme.pk)) == list(proof.problems(globex.pk)) == []


def test_an_entry_is_written_from_inside_an_agency_as_well(acme: Agency) -> None:
    with door.enter(acme):
        write(acme)
    assert AuditEntry.objects.get(agency_id=acme.pk).came_from == "192.0.2.7"


@pytest.mark.django_db(transaction=False)
def test_an_entry_outside_a_transaction_is_refused(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "in_atomic_block", False)
    with pytest.raises(trail.OutsideTransaction):
        write(acme)


def test_an_entry_goes_with_the_change_that_was_undone(acme: Agency) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(acme)
        raise ZeroDivisionError
    assert write(acme).number == 1
    assert list(proof.problems(acme.pk)) == []


def test_keys_are_masked_wherever_they_stand(acme: Agency) -> None:
    key = "sk_live_" + "A1b2" * 8
    entry = write(acme, subject=key, before={"key": key}, after={"deep": {"list": [key, f"was {key}"]}})
    entry.refresh_from_db()
    assert key not in f"{entry.subject}{entry.before}{entry.after}"
    assert entry.after == {"deep": {"list": ["sk_live_***", "was sk_live_***"]}}
    assert list(proof.problems(acme.pk)) == []


def test_what_cannot_be_kept_is_left_out_and_the_digest_still_holds(acme: Agency) -> None:
    write(acme, subject="nul \x00 byte", after={"text": "a\x00b", "long": "x" * 10_000, "smile": "\U0001f600", "n": 3})
    assert list(proof.problems(acme.pk)) == []
    assert len(AuditEntry.objects.get().after["long"]) == 500


@pytest.mark.parametrize(
    "sql", ["UPDATE audit_auditentry SET what = 'x'", "DELETE FROM audit_auditentry", "TRUNCATE audit_auditentry"]
)
def test_the_database_refuses_to_change_an_entry(three: Agency, sql: str) -> None:
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.count() == 3


def test_an_altered_entry_is_found(three: Agency) -> None:
    tamper('UPDATE audit_auditentry SET after = \'{"name": "9"}\' WHERE number = 2')
    assert list(proof.problems(three.pk)) == ["entry 2 was altered or moved"]


@pytest.mark.parametrize(
    "change",
    [
        "actor_kind = 'operator'",
        "actor_id = '2'",
        "actor_email = 'gus@globex.test'",
        "actor_role = 'viewer'",
        "what = 'package.moved'",
        "subject = 'another'",
        "before = '{}'",
        "after = '{}'",
        "came_from = NULL",
        "at = at + interval '1 second'",
    ],
)
def test_every_word_of_an_entry_counts(three: Agency, change: str) -> None:
    tamper(f"UPDATE audit_auditentry SET {change} WHERE number = 3")
    assert list(proof.problems(three.pk)) == ["entry 3 was altered or moved"]


def test_a_missing_entry_is_found(three: Agency) -> None:
    tamper("DELETE FROM audit_auditentry WHERE number = 2")
    assert list(proof.problems(three.pk)) == ["entry 2 is missing"]


def test_a_missing_end_is_found(three: Agency) -> None:
    tamper("DELETE FROM audit_auditentry WHERE number = 3")
    assert list(proof.problems(three.pk)) == ["the log ends at entry 2, and 3 were written"]


def test_entries_that_changed_places_are_found(three: Agency) -> None:
    tamper("UPDATE audit_auditentry SET number = number + 10 WHERE number IN (1, 2)")
    tamper("UPDATE audit_auditentry SET number = 13 - number WHERE number > 10")
    assert len(list(proof.problems(three.pk))) >= 2


def test_an_entry_that_was_made_up_is_found(three: Agency) -> None:
    last = AuditEntry.objects.get(number=3)
    last.pk, last.number = None, 4
    last.digest = trail.digest(last, AuditEntry.objects.get(number=3).digest)
    last.save(force_insert=True)
    assert list(proof.problems(three.pk)) == ["the log ends at entry 4, and 3 were written"]


def test_the_command_names_what_it_finds(three: Agency, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit", "--agency", "acme")
    assert "1 audit logs are proved, no findings." in capsys.readouterr().out
    tamper("UPDATE audit_auditentry SET actor_email = 'gus@globex.test' WHERE number = 1")
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_audit", "--all")
    assert "acme: entry 1 was altered or moved" in capsys.readouterr().out


def test_the_log_of_an_agency_that_is_gone_is_proved_as_well() -> None:
    trail.write(agency_id=987_654, who=ADA, what="brand.changed")
    tamper("DELETE FROM audit_auditentry")
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_audit", "--all")
    assert AuditHead.objects.get(pk=987_654).number == 1
