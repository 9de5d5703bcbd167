"""Brings the files of a store into its local folder."""

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from filelock import FileLock, Timeout

from fxai.mirror.store import Store
from fxai.mirror.units import MirroredUnit, Synced, is_database, stamp_of

_OF_TRAININGS = ("checkpoint.safetensors", "agent.safetensors", "train_returns.safetensors")


class Depth(IntEnum):
    """How much of a study is needed."""

    TOP = 0  # the files directly in its folder
    RESULTS = 1  # also those of its trials, without agents and checkpoints
    ALL = 2


@contextmanager
def locked(unit: MirroredUnit) -> Iterator[bool]:
    """Whether this process alone mirrors the unit during the block; False while a run on this machine does."""
    unit.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(unit.lock, blocking=False, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def pull(unit: MirroredUnit, store: Store, depth: Depth, only: Collection[str] | None = None) -> list[Path]:
    """Download the unit's files that another machine has changed. The caller holds the unit's lock.

    A file that was changed on both sides is kept beside its new version, under another name.

    Args:
        unit: The unit.
        store: Its store.
        depth: How much of the unit.
        only: Names of files of the study's folder; None for all.

    Returns:
        The files that were kept so.

    Raises:
        StoreError: The store cannot be used.
    """
    if unit.is_own_writer(store) in {True, None}:
        return []
    pulling = _Pulling(unit, store, unit.record(), [])
    remote = unit.remote_files(store, deep=depth > Depth.TOP)
    try:
        for name, version in remote.items():
            if only is not None and name.rpartition("/")[2] not in only:
                continue
            if depth < Depth.ALL and name.count("/") > 1 and name.endswith(_OF_TRAININGS):
                continue
            pulling.update(name, version)
        if depth is Depth.ALL:
            pulling.drop_all_but(remote)
    finally:
        unit.write_record(pulling.record)
    return pulling.kept


@dataclass(frozen=True, slots=True)
class _Pulling:
    unit: MirroredUnit
    store: Store
    record: dict[str, Synced]
    kept: list[Path]

    def update(self, name: str, version: str) -> None:
        """Download a file unless the working folder has this version of it."""
        known = self.record.get(name)
        if known is not None and known.remote == version and (self.unit.folder / name).is_file():
            return
        with suppress(FileNotFoundError):  # removed since it was listed
            self.record[name] = self._fetched(name, version)

    def _fetched(self, name: str, version: str) -> Synced:
        path, known = self.unit.folder / name, self.record.get(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        arriving = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            self.store.download(name, arriving)
            digest = digest_of(arriving)
            if path.is_file() and (known is None or stamp_of(path) != known.stamp) and digest_of(path) != digest:
                aside = path.with_name(f"{path.name}.{datetime.now().astimezone():%Y%m%dT%H%M%S}.kept")
                path.rename(aside)
                self.kept.append(aside)
            if is_database(name):
                path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # of the file that is replaced
            arriving.replace(path)
        finally:
            arriving.unlink(missing_ok=True)
        return Synced(stamp_of(path), digest, version)

    def drop_all_but(self, remote: Collection[str]) -> None:
        """Remove the files that another machine has removed, unless they were changed here since."""
        for name in [name for name in self.record if name not in remote]:
            known, path = self.record.pop(name), self.unit.folder / name
            if path.is_file() and stamp_of(path) == known.stamp:
                path.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
