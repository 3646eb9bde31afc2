"""The archive of an agency: everything is in it and no secret, whatever happens while it is written."""

import csv
import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from agencies.models import Agency
from follow_ups.models import FollowUp
from leaving import archive, exports, tables
from leaving.models import Export
from portal.jobs import KINDS
from tenancy import door
from tests.support.booking import book, clients
from tests.support.cast import Cast
from vault import connections

pytestmark = pytest.mark.django_db
ADA = {"kind": "member", "id": "1", "email": "ada@acme.test"}


def made(agency: Agency, client_id: Any = None) -> Export:
    export = exports.ask(agency_id=agency.pk, asked_by=ADA, client_id=client_id)
    with door.enter(agency):
        assert KINDS[exports.KIND](str(export.pk)) is None
    export.refresh_from_db()
    return export


def opened(export: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive.path_of(export.pk))


def rows_of(export: Export, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(opened(export).read(f"{name}.csv").decode())))


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_AT_ONCE", 2)


def test_the_archive_holds_what_the_agency_has(acme: Agency, cast: Cast) -> None:
    export = made(acme)
    assert export.state == Export.State.READY
    assert {row["name"] for row in rows_of(export, "clients")} == {"Ben's Bakery", "Bob's Bikes"}
    (moved,) = [row for row in rows_of(export, "statements") if row["kind"] == "allocation"]
    assert (moved["seconds"], moved["number"], moved["client"]) == ("600", "1", str(cast.ids_of_acme["client_id"]))
    for name in ("people", "purchases", "calls", "packages", "documents", "document_texts", "domains", "call_terms"):
        assert rows_of(export, name), name
    team = json.loads(opened(export).read("team.json"))
    assert [each["email"] for each in team] == ["ada@acme.test"]
    assert json.loads(opened(export).read("settings.json"))["brand"]["company_name"] == "Acme Voice"


def test_every_column_is_explained_and_every_file_listed(acme: Agency, cast: Cast) -> None:
    export = made(acme)
    text = opened(export).read("README.txt").decode()
    for table in tables.of(None):
        assert f"{table.name}.csv: " in text
        assert all(f"  {column.name} " in text and column.says in text for column in table.columns)
    listed = json.loads(opened(export).read("manifest.json"))["files"]
    assert set(listed) == set(opened(export).namelist()) - {"README.txt", "manifest.json"}
    for name, said in listed.items():
        assert hashlib.sha256(opened(export).read(name)).hexdigest() == said["sha256"]
        if name.endswith(".csv"):
            assert said["rows"] == len(rows_of(export, name.removesuffix(".csv")))


def test_nothing_of_another_agency_is_in_it(acme: Agency, cast: Cast) -> None:
    export = made(acme)
    for name in opened(export).namelist():
        assert b"canary" not in opened(export).read(name).lower(), name


def test_no_secret_is_in_it(acme: Agency, cast: Cast) -> None:
    connections.save_stripe_keys(
        agency_id=acme.pk, publishable_key="pk_test_1234567890", secret_key="sk_test_CANARYCANARY1234"
    )
    export = made(acme)
    for name in opened(export).namelist():
        said = opened(export).read(name)
        assert b"CANARYCANARY" not in said, name
        assert b"argon2" not in said, name
        assert b"md5$" not in said, name
    sealed = [f.name for model in apps.get_models() for f in model._meta.fields if f.name.endswith("_sealed")]
    used = {column.lookup for table in tables.of(None) for column in table.columns}
    assert sealed
    assert not used & {*sealed, "password", "token_hash", "upload"}


def test_a_formula_is_text_and_a_caller_is_covered(acme: Agency, cast: Cast) -> None:
    with door.enter(acme), connection.cursor() as cursor:
        cursor.execute("UPDATE clients_client SET name = '=1+1' WHERE name LIKE 'Bob%%'")
        cursor.execute("UPDATE calls_call SET customer_number = '+31612347788'")
    export = made(acme)
    assert "'=1+1" in {row["name"] for row in rows_of(export, "clients")}
    assert {row["number"] for row in rows_of(export, "calls")} == {"••••7788"}


def test_only_its_owner_of_this_machine_can_read_the_file(acme: Agency, cast: Cast, exports_root: Path) -> None:
    export = made(acme)
    assert archive.path_of(export.pk).stat().st_mode & 0o777 == 0o600
    assert exports_root.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in exports_root.iterdir()] == [f"{export.pk}.zip"]


class Killed(BaseException):
    """The process is gone."""


def killed_after(monkeypatch: pytest.MonkeyPatch, calls: int) -> Callable[[], None]:
    """Let `calls` writes reach the disk and the row, and die in the next, between the two."""
    left, fsync = [calls], archive.os.fsync

    def dying(number: int) -> None:
        fsync(number)
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    monkeypatch.setattr(archive.os, "fsync", dying)
    return lambda: monkeypatch.setattr(archive.os, "fsync", fsync)


def test_a_job_that_is_killed_anywhere_goes_on_where_it_was(
    acme: Agency, cast: Cast, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with door.enter(acme):
        for n, client in enumerate(clients(2)):
            for m in range(5):
                book(client.pk, f"{n}-{m}")
    whole = rows_of(made(acme), "statements")
    export = exports.ask(agency_id=acme.pk, asked_by=ADA)
    kills = 0
    while not archive.path_of(export.pk).exists():
        heal = killed_after(monkeypatch, kills)
        with door.enter(acme):
            try:
                KINDS[exports.KIND](str(export.pk))
            except Killed:
                kills = 1
                # What the disk has beyond what the row says may be anything.
                for half in archive.path_of(export.pk).with_suffix(".parts").glob("*.csv"):
                    half.write_bytes(half.read_bytes() + b"torn" * 9_999)
                assert exports.ready(acme.pk) != export
                with pytest.raises(exports.NotThere):
                    exports.file_of(agency_id=acme.pk, export_id=export.pk, now=timezone.now())
            finally:
                heal()
    assert kills
    with door.enter(acme):
        KINDS[exports.KIND](str(export.pk))
    export.refresh_from_db()
    assert export.state == Export.State.READY
    assert rows_of(export, "statements") == whole
    assert export.done == sum(table["rows"] for table in export.progress.values())


def test_a_job_that_is_killed_when_the_zip_is_whole_is_not_asked_to_make_it_again(
    acme: Agency, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = exports.ask(agency_id=acme.pk, asked_by=ADA)
    finish = exports._finish

    def dies(_export: Export) -> None:
        raise Killed

    monkeypatch.setattr(exports, "_finish", dies)
    with door.enter(acme), pytest.raises(Killed):
        KINDS[exports.KIND](str(export.pk))
    whole = archive.path_of(export.pk).read_bytes()
    monkeypatch.setattr(exports, "_finish", finish)
    assert made(acme).state == Export.State.READY
    assert archive.path_of(export.pk).read_bytes() == whole


def test_a_disk_that_was_lost_meanwhile_is_written_again(acme: Agency, cast: Cast, exports_root: Path) -> None:
    whole = rows_of(made(acme), "clients")
    export = exports.ask(agency_id=acme.pk, asked_by=ADA)
    with door.enter(acme):
        export.total = archive.count(export)
        folder = archive._folder(export)
        for table in tables.of(None)[:3]:
            archive._write_table(export, table, folder / f"{table.name}.csv", until=time.monotonic() + 60)
    shutil.rmtree(exports_root)
    export = made(acme)
    assert rows_of(export, "clients") == whole
    assert export.done == sum(table["rows"] for table in export.progress.values())


def test_a_long_archive_is_written_by_many_jobs(acme: Agency, cast: Cast, small_steps: None) -> None:
    export = exports.ask(agency_id=acme.pk, asked_by=ADA)
    now = timezone.now()
    with door.enter(acme):
        assert exports.make(export_id=export.pk, now=now, seconds=-1) == now
        assert exports.latest(acme.pk).state == Export.State.WAITING  # type: ignore[union-attr]
        assert exports.make(export_id=export.pk, now=now) is None


def test_asking_twice_makes_one(acme: Agency) -> None:
    first = exports.ask(agency_id=acme.pk, asked_by=ADA)
    assert exports.ask(agency_id=acme.pk, asked_by=ADA) == first
    assert FollowUp.objects.filter(agency=acme, kind=exports.KIND).count() == 1


def test_a_new_one_takes_the_place_of_the_old_one_when_it_is_whole(acme: Agency) -> None:
    old = made(acme)
    waiting = exports.ask(agency_id=acme.pk, asked_by=ADA)
    assert exports.ready(acme.pk) == old
    made(acme)
    assert exports.ready(acme.pk) == waiting
    for follow_up in FollowUp.objects.filter(agency=acme, kind=exports.DROP_KIND, due_at__lte=timezone.now()):
        with door.enter(acme):
            KINDS[exports.DROP_KIND](follow_up.subject)
    assert not archive.path_of(old.pk).exists()
    assert archive.path_of(waiting.pk).exists()


def test_after_seven_days_it_is_deleted(acme: Agency) -> None:
    export = made(acme)
    assert export.ready_at
    with door.enter(acme):
        assert exports.drop(export_id=export.pk, now=timezone.now()) == export.ready_at + timedelta(days=7)
        later = timezone.now() + timedelta(days=7, minutes=1)
        with pytest.raises(exports.NotThere):
            exports.file_of(agency_id=acme.pk, export_id=export.pk, now=later)
        assert exports.drop(export_id=export.pk, now=later) is None
    assert not archive.path_of(export.pk).exists()
    export.refresh_from_db()
    assert export.state == Export.State.GONE


def test_one_clients_archive_holds_that_client_alone(acme: Agency, cast: Cast) -> None:
    ben = cast.ids_of_acme["client_id"]
    export = made(acme, ben)
    assert [row["id"] for row in rows_of(export, "clients")] == [str(ben)]
    assert rows_of(export, "statements")
    names = opened(export).namelist()
    assert "audit.csv" not in names
    assert "team.json" not in names
    for name in names:
        assert b"Bob" not in opened(export).read(name), name
    assert exports.ready(acme.pk) is None


def test_archives_lie_where_nothing_is_served() -> None:
    assert not Path(django_settings.EXPORTS_ROOT).is_relative_to(django_settings.STATIC_ROOT)
