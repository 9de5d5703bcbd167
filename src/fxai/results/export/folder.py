"""A folder from which somebody else can use what a study found, and do it all again.

It is made from the study's database and the files that its runs left; what they did not leave is missing here too,
and the folder's README says so.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fxai.atomic_write import copy, write_text
from fxai.errors import InputError
from fxai.results.export.data import ExportedData
from fxai.results.export.readme import readme
from fxai.results.export.trial_table import TableFormat, write_trials
from fxai.results.paths import StudyPaths
from fxai.results.provenance import versions
from fxai.results.record import StudyRecord
from fxai.results.strict_json import json_text
from fxai.results.training.best_config import BestConfig, CustomBestConfig, load_best_config, write_best_config
from fxai.search import attributes
from fxai.spec.fields.objective import HERE, CustomCode
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.write_out import written_whole
from fxai.spec.search.study import StudySpec

_MANIFEST = "manifest.json"
_HEADER = "The spec of the study as it ran, whole. Its data and code are looked for from this folder."


@dataclass(frozen=True, slots=True)
class Export:
    """What was written."""

    folder: Path
    files: Sequence[Path]
    missing: Sequence[str]  # files that the study's runs did not leave


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export is made of."""

    record: StudyRecord
    user_attrs: Mapping[str, Any]  # the study's
    paths: StudyPaths

    @property
    def data(self) -> ExportedData | None:
        return ExportedData.of(self.user_attrs)

    @property
    def spec(self) -> StudySpec | None:
        """As it ran, if it was kept: its data and code in the export's folder."""
        if not self.paths.spec.is_file():
            return None
        (study,) = load_spec(self.paths.spec).studies
        return study.model_copy(update=_moved(study, self.data))

    @property
    def best_config(self) -> BestConfig | CustomBestConfig | None:
        if not self.paths.best_config.is_file():
            return None
        config = load_best_config(self.paths.best_config)
        return config.model_copy(update=_moved(config, self.data))


def write_export(made_of: Exported, folder: Path, kinds: Sequence[TableFormat], *, with_data: bool = False) -> Export:
    """Write the folder anew; an `InputError` for one that holds something else."""
    _check_folder(folder)
    data, spec, config = made_of.data, made_of.spec, made_of.best_config
    written = data.copied_to(folder) if with_data and data is not None else []
    written += [path for kind in kinds for path in write_trials(made_of.record, folder, kind)]
    if spec is not None:
        written.append(folder / made_of.paths.spec.name)
        write_text(written[-1], written_whole(spec, _HEADER))
    if config is not None:
        written.append(folder / made_of.paths.best_config.name)
        write_best_config(written[-1], config)
    for source in (made_of.paths.best_params, made_of.paths.best_agent, made_of.paths.decisions):
        if source.is_file():
            written.append(folder / source.name)
            copy(source, written[-1])
    missing = _missing(made_of, [path.name for path in written])
    names = [path.relative_to(folder).as_posix() for path in written]
    takes_over = attributes.TRANSFER in made_of.user_attrs
    write_text(folder / "README.md", readme(made_of.record, spec, config, data, names, learnt=takes_over))
    written.append(folder / "README.md")
    manifest = {
        "study": made_of.record.name,
        "versions": versions(),
        "data": None if data is None else data.as_json(),
        "missing": missing,
        "sha256": {path.relative_to(folder).as_posix(): _sha256(path) for path in written},
    }
    write_text(folder / _MANIFEST, json_text(manifest))
    return Export(folder, (*written, folder / _MANIFEST), missing)


def _check_folder(folder: Path) -> None:
    """An export is written over an earlier one, and over nothing else."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name another folder with --output")
    if folder.exists() and any(folder.iterdir()) and not (folder / _MANIFEST).is_file():
        raise InputError(f"{folder} holds files that are no export; name an empty folder with --output")


def _moved(record: StudySpec | BestConfig | CustomBestConfig, data: ExportedData | None) -> dict[str, Any]:
    """What of a record names a place on the machine of whoever ran the study, as it is in the export."""
    moved: dict[str, Any] = {}
    if isinstance(record.training_config, TrainingConfig) and data is not None:
        config = record.training_config
        moved["training_config"] = config.model_copy(
            update={"data": config.data.model_copy(update={"source": data.place})}
        )
    if isinstance(record.objective, CustomCode):
        moved["objective"] = record.objective.model_copy(update={"folder": HERE})
    return moved


def _missing(made_of: Exported, written: Sequence[str]) -> list[str]:
    paths = made_of.paths
    expected = [paths.spec, paths.decisions]
    if made_of.record.best is not None:
        expected += [paths.best_config, paths.best_params]
    return [path.name for path in expected if path.name not in written]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
