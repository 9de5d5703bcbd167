"""The data of a study as somebody else may come by them."""

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


@dataclass(frozen=True, slots=True)
class ExportedData:
    """Where the bars of a study come from."""

    source: str  # as the study has it: a named set, or a file of whoever ran it
    sha256: str | None  # of that file; None for a named set, which FxAI has

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "ExportedData | None":
        """By a study's user attributes; None where only the user's own code knows its data."""
        data = (user_attrs.get(attributes.FINGERPRINT) or {}).get("data")
        return None if data is None else cls(data["source"], data.get("sha256"))

    @property
    def place(self) -> str:
        """Where the exported files look for them."""
        return self.source if self.sha256 is None else f"data/{Path(self.source).name}"

    def copied_to(self, folder: Path) -> list[Path]:
        """Copy the file into an export; a named set needs no copy.

        An `InputError` if it is not there, or no longer the file of the study.
        """
        if self.sha256 is None:
            return []
        path = expanded_path(self.source)
        if not path.is_file():
            raise InputError(f"the data file {path} of the study is not there; export without --with-data")
        with path.open("rb") as file:
            now = hashlib.file_digest(file, "sha256").hexdigest()
        if now != self.sha256:
            raise InputError(f"the data file {path} has changed since the study; export without --with-data")
        copy(path, folder / self.place)
        return [folder / self.place]

    def as_json(self) -> dict[str, JsonValue]:
        return {"source": self.place, "sha256": self.sha256}
