"""Copies the spec of a study to a file, for the next study."""

from pathlib import Path

from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.results.paths import StudyPaths
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.standalone_spec import standalone_spec

_ENDINGS = (".yaml", ".yml")


def write_next_spec(source: StudyPaths, file: Path) -> None:
    """Write a copy of a study's stored spec. The new study has the file's name.

    Raises:
        InputError: The study has no stored spec, the file's name cannot be a study's name, or the file exists with
            other content.
    """
    if not source.spec.is_file():
        raise InputError(f"{source.spec} is missing, so there is no spec to copy; write a spec and name it with --to")
    if file.suffix not in _ENDINGS:
        raise InputError(f"{file} must end in .yaml or .yml")
    name = StudyPaths(source.results_dir, file.stem).study
    if name == source.study:
        raise InputError(f"{file} would give the new study the name of its source; choose another file name")
    (study,) = load_spec(source.spec).studies
    header = f"The spec of {source.study} as it ran, for the next study."
    text = standalone_spec(study.model_copy(update={"study_name": name}), header)
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise InputError(f"{file} exists already; name another file, or use this file with --to")
    write_text(file, text)
