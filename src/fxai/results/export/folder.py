"""Exports a study as a folder, with which another machine can use the results and repeat the search.

The folder is made from the study's database and the files of its runs. The manifest lists files that the runs did
not write.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fxai.atomic_write import copy, write_text
from fxai.errors import InputError
from fxai.results.best_verdict import BestVerdict
from fxai.results.export.data import ExportedData
from fxai.results.export.observation import observation_columns
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
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.study import StudySpec

_MANIFEST = "manifest.json"
_HEADER = "The complete spec of the study as it ran. The paths of data and code are relative to this folder."


@dataclass(frozen=True, slots=True)
class Export:
    """The written folder."""

    folder: Path
    files: Sequence[Path]
    missing: Sequence[str]  # files that the study's runs did not write


@dataclass(frozen=True, slots=True)
class Exported:
    """Source of an export: a study with its files."""

    record: StudyRecord
    user_attrs: Mapping[str, Any]  # the study's
    paths: StudyPaths

    @property
    def data(self) -> ExportedData | None:
        return ExportedData.of(self.user_attrs)

    @property
    def spec(self) -> StudySpec | None:
        """The spec as it ran, with data and code in the export's folder; None if no run stored it."""
        if not self.paths.spec.is_file():
            return None
        (study,) = load_spec(self.paths.spec).studies
        return study.model_copy(update=_moved(study, self.data))

    @property
    def verdict(self) -> BestVerdict:
        best = None if self.record.best is None else self.record.best.number
        return BestVerdict.of(self.record.name, self.record.traits, best, self.paths.results_dir)

    @property
    def best_config(self) -> BestConfig | CustomBestConfig | None:
        if not self.paths.best_config.is_file():
            return None
        config = load_best_config(self.paths.best_config)
        return config.model_copy(update=_moved(config, self.data))


def write_export(study: Exported, folder: Path, kinds: Sequence[TableFormat], *, with_data: bool = False) -> Export:
    """Write the export.

    Args:
        study: The study.
        folder: The folder to write; an earlier export in it is replaced.
        kinds: Formats of the tables.
        with_data: Whether to copy the data file.

    Raises:
        InputError: The folder has other files, or the data file is missing or has changed.
    """
    _check_folder(folder)
    data, spec, config = study.data, study.spec, study.best_config
    written = data.copied_to(folder) if with_data and data is not None else []
    written += [path for kind in kinds for path in write_trials(study.record, folder, kind)]
    if spec is not None:
        written.append(folder / study.paths.spec.name)
        write_text(written[-1], standalone_spec(spec, _HEADER))
    if config is not None:
        written.append(folder / study.paths.best_config.name)
        write_best_config(written[-1], config)
    verdict = study.verdict
    judged = () if verdict.current is None else (study.paths.verdict,)
    for source in (study.paths.best_params, study.paths.best_agent, study.paths.decisions, *judged):
        if source.is_file():
            written.append(folder / source.name)
            copy(source, written[-1])
    for source in sorted(path for path in study.paths.signal_agent.rglob("*") if path.is_file()):
        written.append(folder / source.relative_to(study.paths.directory))
        copy(source, written[-1])
    missing = _missing(study, [path.name for path in written])
    names = [path.relative_to(folder).as_posix() for path in written]
    has_transfer = attributes.TRANSFER in study.user_attrs
    text = readme(
        study.record,
        spec,
        config,
        data,
        names,
        has_transfer=has_transfer,
        verdict=verdict,
        observed=observation_columns(study.paths.best_agent),
    )
    write_text(folder / "README.md", text)
    written.append(folder / "README.md")
    manifest = {
        "study": study.record.name,
        "versions": versions(),
        "data": None if data is None else data.as_json(),
        "missing": missing,
        "sha256": {path.relative_to(folder).as_posix(): _sha256(path) for path in written},
    }
    write_text(folder / _MANIFEST, json_text(manifest))
    return Export(folder, (*written, folder / _MANIFEST), missing)


def _check_folder(folder: Path) -> None:
    """Refuse a folder that has files other than those of an earlier export."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name another folder with --output")
    if folder.exists() and any(folder.iterdir()) and not (folder / _MANIFEST).is_file():
        raise InputError(f"{folder} has files that are not an export; name an empty folder with --output")


def _moved(record: StudySpec | BestConfig | CustomBestConfig, data: ExportedData | None) -> dict[str, Any]:
    """The fields of a record with paths of the study's machine, changed to paths of the export."""
    moved: dict[str, Any] = {}
    if isinstance(record.training_config, TrainingConfig) and data is not None:
        config = record.training_config
        features = config.data.features.model_copy(update={"function_folder": None})  # the folder of the export
        moved["training_config"] = config.model_copy(
            update={"data": config.data.model_copy(update={"source": data.place, "features": features})}
        )
    if isinstance(record.objective, CustomCode):
        moved["objective"] = record.objective.model_copy(update={"folder": HERE})
    return moved


def _missing(study: Exported, written: Sequence[str]) -> list[str]:
    paths = study.paths
    expected = [paths.spec, paths.decisions]
    if study.record.best is not None:
        expected += [paths.best_config, paths.best_params]
    return [path.name for path in expected if path.name not in written]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
