"""Writes an archive, a little at a time: each table into a file of its own, at the end all of them into one zip.

How far it is stands in the row only after the disk has it for good. Whoever comes after a crash cuts each file back to
what the row says and goes on; a zip has its name only when it is whole. Memory does not grow with the rows.
"""

import csv
import hashlib
import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from calls.export import harmless
from leaving import readme, tables
from leaving.columns import Table
from leaving.models import Export

_AT_ONCE = 5_000
_NOTHING: dict[str, Any] = {"bytes": 0, "rows": 0, "after": None, "is_done": False}
_COPY_BYTES = 1 << 20


def path_of(export_id: UUID) -> Path:
    """Where the finished archive lies."""
    return Path(settings.EXPORTS_ROOT) / f"{export_id}.zip"


def write_some(export: Export, extras: dict[str, str], *, until: float) -> bool:
    """Go on writing until it is whole (True) or `until` on the monotonic clock has passed (False).

    Inside the agency's schema. `extras` are small files by name. `export` is saved as it goes.
    """
    folder = _folder(export)
    # A zip that is there is whole: whoever made it died before the row could say so.
    if not path_of(export.pk).is_file():
        for table in tables.of(export.client_id):
            if not _write_table(export, table, folder / f"{table.name}.csv", until=until):
                return False
        _pack(export, folder, extras)
    shutil.rmtree(folder, ignore_errors=True)
    return True


def count(export: Export) -> int:
    """About how many rows there will be."""
    return sum(table.rows(export.agency_id, export.client_id).count() for table in tables.of(export.client_id))


def remove(export_id: UUID) -> None:
    """Delete the archive and what there is of one that never became whole. Nothing to delete is fine."""
    path_of(export_id).unlink(missing_ok=True)
    shutil.rmtree(Path(settings.EXPORTS_ROOT) / f"{export_id}.parts", ignore_errors=True)


def cell(value: Any) -> str:
    """A value as a field of CSV: times in ISO 8601 and UTC, JSON as JSON, and nothing a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return harmless(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))


def _folder(export: Export) -> Path:
    root = Path(settings.EXPORTS_ROOT)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / f"{export.pk}.parts"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _write_table(export: Export, table: Table, path: Path, *, until: float) -> bool:
    """Go on with one table. False when the time was over before it was whole."""
    known = {**_NOTHING, **export.progress.get(table.name, {})}
    with open(path, "r+b", opener=_private) as file:
        if os.fstat(file.fileno()).st_size < known["bytes"]:
            # The disk was lost, the row was not.
            export.done, known = export.done - known["rows"], {**_NOTHING}
        file.truncate(known["bytes"])
        file.seek(known["bytes"])
        while not known["is_done"]:
            if time.monotonic() > until:
                return False
            rows = _next_rows(export, table, known["after"])
            header = [[column.name for column in table.columns]] if known["bytes"] == 0 else []
            file.write(_lines([*header, *(_cells(table, row) for row in rows)]))
            file.flush()
            os.fsync(file.fileno())
            after = [str(each) for each in rows[-1][: len(table.key)]] if rows else known["after"]
            known |= {"bytes": file.tell(), "rows": known["rows"] + len(rows), "after": after}
            known["is_done"] = len(rows) < _AT_ONCE
            export.progress[table.name], export.done = dict(known), export.done + len(rows)
            export.save(update_fields=["progress", "done"])
    return True


def _private(path: str, _flags: int) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _next_rows(export: Export, table: Table, after: list[str] | None) -> list[tuple[Any, ...]]:
    """The rows behind the key `after`, each with its key in front."""
    found = table.rows(export.agency_id, export.client_id)
    if after is not None:
        found = (
            found.filter(pk__gt=tuple(after)) if len(after) > 1 else found.filter(**{f"{table.key[0]}__gt": after[0]})
        )
    return list(found.values_list(*table.key, *(column.lookup for column in table.columns))[:_AT_ONCE])


def _cells(table: Table, row: tuple[Any, ...]) -> list[str]:
    values = zip(table.columns, row[len(table.key) :], strict=True)
    return [cell(column.shown(value) if column.shown else value) for column, value in values]


def _lines(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def _pack(export: Export, folder: Path, extras: dict[str, str]) -> None:
    """All files into one, under another name until it is whole."""
    half = folder / "half.zip"
    made = tables.of(export.client_id)
    listed = {}
    with open(half, "wb", opener=_private) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        file.truncate(0)
        for table in made:
            digest = _add(packed, folder / f"{table.name}.csv", export.asked_at)
            listed[f"{table.name}.csv"] = {"rows": export.progress[table.name]["rows"], "sha256": digest}
        for name, text in extras.items():
            packed.writestr(name, text)
            listed[name] = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        packed.writestr("README.txt", readme.text(made, export, list(extras)))
        packed.writestr("manifest.json", json.dumps({"export": str(export.pk), "files": listed}, indent=1))
    with open(half, "rb") as whole:
        os.fsync(whole.fileno())
    os.replace(half, path_of(export.pk))


def _add(packed: zipfile.ZipFile, path: Path, at: datetime) -> str:
    """Copy a file into the zip, piece by piece, dated `at`; its SHA-256."""
    digest, named = hashlib.sha256(), zipfile.ZipInfo(path.name, at.timetuple()[:6])
    named.compress_type = zipfile.ZIP_DEFLATED
    with open(path, "rb") as source, packed.open(named, "w", force_zip64=True) as target:
        while piece := source.read(_COPY_BYTES):
            digest.update(piece)
            target.write(piece)
    return digest.hexdigest()
