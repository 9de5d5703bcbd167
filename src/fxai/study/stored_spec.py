"""The spec of a study that has run, for commands that train its trials again."""

from collections.abc import Mapping
from typing import Any

from fxai.errors import DataError, InputError
from fxai.results.paths import StudyPaths
from fxai.search.attributes import FINGERPRINT
from fxai.spec.fields.sources import source_text
from fxai.spec.reading.load import load_spec
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec
from fxai.study.data_hash import data_hash


def stored_spec(paths: StudyPaths, storage: str) -> StudySpec:
    """The spec in a study's folder, with the database that the command names: a study may have been moved.

    Raises:
        InputError: The file is missing or has mistakes.
    """
    if not paths.spec.is_file():
        raise InputError(
            f"{paths.spec} is missing, and trials train by it; name the folder that has the study's files with "
            "--results-dir"
        )
    (spec,) = load_spec(paths.spec).studies
    return spec.model_copy(update={"storage": storage})


def check_data_unchanged(spec: StudySpec, user_attrs: Mapping[str, Any]) -> None:
    """Check that the data of a study are those on which its trials have trained.

    Args:
        spec: The study's spec.
        user_attrs: User attributes of the stored study.

    Raises:
        InputError: The data cannot be read, or the file has changed since the study began.
    """
    data_hash(spec)
    stored: Any = user_attrs.get(FINGERPRINT)
    then, now = (_file_hash(each) for each in (stored, fingerprint(spec)))
    if None not in (then, now) and then != now:
        source = fingerprint(spec)["data"]
        name = source_text(source["source"]) if isinstance(source, dict) else source  # type: ignore[arg-type]
        raise DataError(f"{name} has changed since the study {spec.study_name} began; restore the file")


def _file_hash(of_study: Any) -> object:
    """The hash of a fingerprint's data file; None for a named data set, and for files of earlier releases."""
    data = of_study.get("data") if isinstance(of_study, dict) else None
    return data.get("sha256") if isinstance(data, dict) else None
