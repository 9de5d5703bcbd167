"""Brings the changed files of a local folder into its store.

An object store has no rename of many files at once, so the order of the uploads keeps a reader from results that name
missing files: first the files of trials, then those of the study, then results and pages, then the database. Files
that were removed here are removed last.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from fxai.mirror.location import STUDIES
from fxai.mirror.pull import digest_of
from fxai.mirror.store import Store
from fxai.mirror.units import BESIDE, MirroredUnit, Synced, is_database, stamp_of

CHECKPOINT_SECONDS = 60.0
"""How often a checkpoint of a running trial is uploaded at most."""
_SAVE_SECONDS = 5.0
_RESULTS = ("_results.json", "report.html", ".index.json", "index.html")
_CHECKPOINTS = ("/checkpoint.safetensors", "/reports.jsonl")


def push(units: Sequence[MirroredUnit], store: Store, *, everything: bool, uploaded: Callable[[], None]) -> None:
    """Upload the changed files of units, and remove the removed ones. The caller holds the locks of the units.

    The database is copied before the files are uploaded, and the copy is uploaded last, so that the store has all
    files that the database implies.

    Args:
        units: The units.
        store: Their store.
        everything: Whether to upload checkpoints that were uploaded less than `CHECKPOINT_SECONDS` ago too.
        uploaded: Called after each file.

    Raises:
        StoreError: The store cannot be used.
    """
    with _database_copy(units) as copy:
        for unit in sorted(units, key=lambda unit: unit.name == BESIDE):
            _push(unit, store, copy, everything=everything, uploaded=uploaded)


def has_changes(unit: MirroredUnit) -> bool:
    """Whether a file was written here since both sides were the same."""
    record = unit.record()
    return any(name not in record or record[name].stamp != stamp_of(unit.folder / name) for name in unit.local_files())


def _push(
    unit: MirroredUnit, store: Store, copy: tuple[Path, str] | None, *, everything: bool, uploaded: Callable[[], None]
) -> None:
    record = unit.record()
    before = dict(record)
    here = sorted(unit.local_files(), key=lambda name: (_rank(name), name))
    saved, signed = time.monotonic(), unit.is_own_writer(store) is True
    try:
        for name in here:
            known = record.get(name)
            if not everything and known is not None and _is_checkpoint(name) and _is_recent(known):
                continue
            with suppress(FileNotFoundError):  # removed since it was listed
                found = copy if is_database(name) else _as_is(unit, name)
                if found is None:
                    continue
                path, stamp = found
                if known is not None and known.stamp == stamp:
                    continue
                digest = digest_of(path)
                if known is None or known.digest != digest:
                    if not signed:
                        unit.sign(store)
                        signed = True
                    record[name] = Synced(stamp, digest, store.upload(path, name), time.time())
                    uploaded()
                else:
                    record[name] = Synced(stamp, digest, known.remote, known.at)
            if time.monotonic() - saved > _SAVE_SECONDS:
                unit.write_record(record)
                saved = time.monotonic()
        _remove(unit, store, record, set(here))
    finally:
        if record != before:
            unit.write_record(record)


def _as_is(unit: MirroredUnit, name: str) -> tuple[Path, str]:
    path = unit.folder / name
    return path, stamp_of(path)  # before the file is read, so that a later change is uploaded later


def _remove(unit: MirroredUnit, store: Store, record: dict[str, Synced], here: set[str]) -> None:
    """Remove files of folders that are still here; a user who deletes a whole folder deletes the working copy only."""
    for name in [name for name in record if name not in here]:
        if unit.name and (unit.folder / unit.name).is_dir():
            store.remove([name])
        del record[name]


def _rank(name: str) -> int:
    if is_database(name):
        return 3
    if name.count("/") > 1:
        return 0
    return 2 if name.endswith(_RESULTS) else 1


def _is_recent(known: Synced) -> bool:
    return time.time() - known.at < CHECKPOINT_SECONDS


def _is_checkpoint(name: str) -> bool:
    return name.endswith(_CHECKPOINTS) or "/checkpoint/" in name or "/inherited-" in name


@contextmanager
def _database_copy(units: Sequence[MirroredUnit]) -> Iterator[tuple[Path, str] | None]:
    """A copy of the studies' database at one moment, with the stamp of the original; None if it has not changed."""
    unit = next((unit for unit in units if unit.name == BESIDE), None)
    path = None if unit is None else unit.folder / STUDIES
    if unit is None or path is None or not path.is_file():
        yield None
        return
    known, stamp = unit.record().get(STUDIES), stamp_of(path)
    if known is not None and known.stamp == stamp:
        yield None
        return
    copy = path.with_name(f".{path.name}.copy.tmp")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as to:
            source.backup(to)
        yield copy, stamp
    finally:
        copy.unlink(missing_ok=True)
