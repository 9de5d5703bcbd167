"""The data of an exported study: copies in the folder, named data sets, or hashes."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from fxai.atomic_write import copy
from fxai.errors import InputError
from fxai.search import attributes
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.source_paths import source_paths
from fxai.spec.fields.sources import Sources


@dataclass(frozen=True, slots=True)
class ExportedSource:
    """One source of bars."""

    source: str  # a named data set, or a file on the machine of the study
    sha256: str | None  # hash of the file; None for a named data set
    place: str  # the source in the exported files

    def copied_to(self, folder: Path) -> Path:
        path = expanded_path(self.source)
        if len(source_paths(path)) > 1:
            raise InputError(f"the data of the study are the files {path}; copy them, and export without --with-data")
        if not path.is_file():
            raise InputError(f"the data file {path} of the study is missing; export without --with-data")
        with path.open("rb") as file:
            now = hashlib.file_digest(file, "sha256").hexdigest()
        if now != self.sha256:
            raise InputError(f"the data file {path} has changed since the study; export without --with-data")
        copy(path, folder / self.place)
        return folder / self.place


@dataclass(frozen=True, slots=True)
class ExportedData:
    """The sources of the bars of a study."""

    parts: Mapping[str, ExportedSource]  # by the name of the instrument; the name is empty for a study with one source
    is_mapping: bool

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "ExportedData | None":
        """Read the source from a study's user attributes; None for custom code."""
        data = (user_attrs.get(attributes.FINGERPRINT) or {}).get("data")
        if data is None:
            return None
        source, hashes = data["source"], data.get("sha256")
        if isinstance(source, str):
            return cls({"": _part(source, hashes)}, is_mapping=False)
        shared = Counter(Path(each).name for each in source.values())
        parts = {}
        for number, (name, each) in enumerate(source.items()):
            sha256 = None if hashes[name] == each else hashes[name]
            parts[name] = _part(each, sha256, number if shared[Path(each).name] > 1 else None)
        return cls(parts, is_mapping=True)

    @property
    def place(self) -> str | Sources:
        """The source of the data in the exported files."""
        places = {name: part.place for name, part in self.parts.items()}
        return Sources(places) if self.is_mapping else places[""]

    @property
    def files(self) -> tuple[ExportedSource, ...]:
        """The sources that are files."""
        return tuple(part for part in self.parts.values() if part.sha256 is not None)

    def copied_to(self, folder: Path) -> list[Path]:
        """Copy the files into an export. A named data set needs no copy.

        Returns:
            The copied files.

        Raises:
            InputError: A file is missing, or has changed since the study.
        """
        return [part.copied_to(folder) for part in self.files]

    def as_json(self) -> dict[str, JsonValue]:
        hashes: dict[str, JsonValue] = {name: part.sha256 for name, part in self.parts.items()}
        place = self.place
        return {
            "source": place if isinstance(place, str) else dict(place),
            "sha256": hashes if self.is_mapping else hashes[""],
        }


def _part(source: str, sha256: str | None, number: int | None = None) -> ExportedSource:
    """One source. With a number, its file is in a folder of this number, because another file has its name."""
    folder = "data" if number is None else f"data/{number}"
    return ExportedSource(source, sha256, source if sha256 is None else f"{folder}/{Path(source).name}")
