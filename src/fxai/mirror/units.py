"""The parts of a results folder that are mirrored on their own: each study, and the files beside the studies."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from fxai.atomic_write import write_bytes
from fxai.mirror.location import STUDIES
from fxai.mirror.store import Store

BESIDE: Final = ""
"""The unit of the files beside the studies' folders: the database of the studies, and the index page."""
_SYNC: Final = ".sync"
_WRITER: Final = ".writer"
_LEFT_OUT: Final = re.compile(r".*(\.tmp|\.lock|\.kept|\.upload|-journal|/\.writer)")


@dataclass(frozen=True, slots=True)
class Synced:
    """A file as it was when both sides were the same."""

    stamp: str  # of the local file
    digest: str  # of its content
    remote: str  # as of `Store.files`
    at: float = 0.0  # time of the upload


@dataclass(frozen=True, slots=True)
class MirroredUnit:
    """A study with the archives of `--fresh`, or the files beside the studies."""

    folder: Path
    name: str

    def local_files(self) -> Iterator[str]:
        """Paths relative to the folder."""
        if self.name == BESIDE:
            found = (path for path in self.folder.iterdir() if not path.name.startswith("."))
        else:
            found = (path for top in self.folders() for path in (self.folder / top).rglob("*"))
        for path in found:
            relative = path.relative_to(self.folder).as_posix()
            if not _LEFT_OUT.fullmatch(relative) and path.is_file():
                yield relative

    def folders(self) -> list[str]:
        """Names of the local folders of the study and its archives."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and self._is_own(path.name))

    def remote_files(self, store: Store, *, deep: bool) -> Mapping[str, str]:
        """As `Store.files`, of this unit; with `deep=False` only the files directly in the study's folder."""
        if self.name == BESIDE:
            return {name: text for name, text in store.files(deep=False).items() if not name.startswith(".")}
        names = [name for name in store.folders() if self._is_own(name)] if deep else [self.name]
        found = {path: text for name in names for path, text in store.files(name, deep=deep).items()}
        return {path: text for path, text in found.items() if not _LEFT_OUT.fullmatch(path)}

    def is_own_writer(self, store: Store) -> bool | None:
        """Whether this folder was the last one that wrote the unit to the store; None if nobody has."""
        last = store.read(self._writer)
        return None if last is None else last.decode(errors="replace") == _id_of(self.folder)

    def sign(self, store: Store) -> None:
        """Make this folder the last writer."""
        store.write(self._writer, _id_of(self.folder).encode())

    def record(self) -> dict[str, Synced]:
        """What is known to be the same on both sides, by relative paths."""
        try:
            stored = json.loads(self._record.read_bytes())
            return {path: Synced(**each) for path, each in stored.items()}
        except (OSError, ValueError, TypeError):  # missing, or damaged by a power cut: all files are compared again
            return {}

    def write_record(self, record: Mapping[str, Synced]) -> None:
        content = {path: asdict(each) for path, each in record.items()}
        write_bytes(self._record, json.dumps(content).encode(), durable=False)

    @property
    def lock(self) -> Path:
        """Locked while a process mirrors the unit."""
        return self.folder / _SYNC / f"{self.name}.lock"

    @property
    def _record(self) -> Path:
        return self.folder / _SYNC / f"{self.name}.json"

    @property
    def _writer(self) -> str:
        return f"{self.name}/{_WRITER}" if self.name else _WRITER

    def _is_own(self, name: str) -> bool:
        return bool(self.name) and (name == self.name or name.startswith(f"{self.name}~"))


def stamp_of(path: Path) -> str:
    """Differs when a file was written again. Raises `FileNotFoundError`."""
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ino}"


def is_database(relative: str) -> bool:
    return relative == STUDIES


def _id_of(folder: Path) -> str:
    """A random name of this working copy."""
    path = folder / _SYNC / "id"
    if not path.is_file():
        write_bytes(path, uuid4().hex.encode())
    return path.read_text()
