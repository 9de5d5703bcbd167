"""The data of an exported study: a copy in the folder, a named data set, or a hash."""

import hashlib
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


@dataclass(frozen=True, slots=True)
class ExportedData:
    """Source of the bars of a study."""

    source: str  # a named data set, or a file on the machine of the study
    sha256: str | None  # hash of the file; None for a named data set

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "ExportedData | None":
        """Read the source from a study's user attributes; None for custom code."""
        data = (user_attrs.get(attributes.FINGERPRINT) or {}).get("data")
        return None if data is None else cls(data["source"], data.get("sha256"))

    @property
    def place(self) -> str:
        """The source of the data in the exported files."""
        return self.source if self.sha256 is None else f"data/{Path(self.source).name}"

    def copied_to(self, folder: Path) -> list[Path]:
        """Copy the file into an export. A named data set needs no copy.

        Returns:
            The copied files.

        Raises:
            InputError: The file is missing, or has changed since the study.
        """
        if self.sha256 is None:
            return []
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
        return [folder / self.place]

    def as_json(self) -> dict[str, JsonValue]:
        return {"source": self.place, "sha256": self.sha256}
