"""Processes that are killed while they write an archive or erase an agency: the next one goes on, and ends whole."""

import os
import signal
import warnings
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from agencies.models import Agency
from clients.models import Client
from leaving import archive, certificates, closing, erasing, exports
from leaving.models import Erasure, Export
from tenancy import door

Step = Erasure.Step


def killed(work: Callable[[], Any]) -> bool:
    """Do the work in a process of its own; whether that was killed on the way."""
    connection.close()
    with warnings.catch_warnings():
        # Newer Pythons warn of forks where there are threads; the child only works and dies.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def die(*_args: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_archive_ends_whole_whoever_is_killed(own_agency: Agency, tmp_path: Path, settings: Any) -> None:
    settings.EXPORTS_ROOT = str(tmp_path)
    with door.enter(own_agency):
        Client.objects.bulk_create(Client(name=f"Client {n}", email=f"c{n}@client.test") for n in range(7))
    export = exports.ask(agency_id=own_agency.pk, asked_by={})
    archive_at_once, fsync = archive._AT_ONCE, os.fsync

    def work(writes: int) -> None:
        left = [writes]

        def sync_then_die(number: int) -> None:
            fsync(number)
            left[0] -= 1
            if left[0] < 0:
                die()

        archive._AT_ONCE, archive.os.fsync = 2, sync_then_die
        with door.enter(own_agency):
            exports.make(export_id=export.pk, now=timezone.now())

    kills = 0
    while Export.objects.get(pk=export.pk).state != Export.State.READY:
        kills += killed(lambda: work(writes=4))
    assert kills > 3
    assert (archive._AT_ONCE, archive.os.fsync) == (archive_at_once, fsync)
    with zipfile.ZipFile(archive.path_of(export.pk)) as packed:
        lines = packed.read("clients.csv").decode().splitlines()
    assert len(lines) == len(set(lines)) == 8


def test_an_agency_ends_erased_once_whoever_is_killed(own_agency: Agency) -> None:
    with door.enter(own_agency):
        Client.objects.create(name="Ben", email="ben@client.test")
    closing.close(agency_id=own_agency.pk, typed=own_agency.slug, now=timezone.now() - timedelta(days=31))

    def work(dies_in: Step) -> None:
        does = erasing._STEPS[dies_in]
        erasing._STEPS[dies_in] = lambda erasure: does(erasure) and die()
        while erasing.go_on(agency_id=own_agency.pk, now=timezone.now()) is not None:
            pass

    with door.enter(own_agency):
        erasing.go_on(agency_id=own_agency.pk, now=timezone.now())
    try:
        for step in (each for each in Step if each != Step.DONE):
            assert killed(lambda step=step: work(step))  # type: ignore[misc]
            assert (Erasure.objects.get(pk=own_agency.pk).step, Erasure.objects.get(pk=own_agency.pk).certificate) == (
                step,
                "",
            )
        assert not killed(lambda: [erasing.go_on(agency_id=own_agency.pk, now=timezone.now())])
        erasure = Erasure.objects.get(pk=own_agency.pk)
        said = certificates.verified(erasure.certificate)
        assert said["erased_rows_by_table"]["agency.clients_client"] == 1
        assert said["erased_rows_by_table"]["public.branding_branding"] == 1
        assert Agency.objects.get(pk=own_agency.pk).state == Agency.State.CLOSED
    finally:
        Erasure.objects.filter(pk=own_agency.pk).delete()
