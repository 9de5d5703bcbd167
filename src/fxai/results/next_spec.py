"""The spec of a next study, made from the spec of an earlier one as it ran."""

from pathlib import Path

from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.results.paths import StudyPaths
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.write_out import written_whole

_ENDINGS = (".yaml", ".yml")


def write_next_spec(source: StudyPaths, file: Path) -> None:
    """Write a copy of a study's spec as it ran, for a study of the file's name.

    Raises:
        InputError: The study left no spec, the file's name cannot be a study's, or the file holds something else.
    """
    if not source.spec.is_file():
        raise InputError(f"{source.spec} is missing, so there is no spec to copy; write one and name it with --to")
    if file.suffix not in _ENDINGS:
        raise InputError(f"{file} does not end in .yaml or .yml; name the new spec so")
    name = StudyPaths(source.results_dir, file.stem).study
    if name == source.study:
        raise InputError(f"{file} gives the next study the name of this one; choose another file name")
    (study,) = load_spec(source.spec).studies
    header = f"The spec of {source.study} as it ran, for a next study."
    text = written_whole(study.model_copy(update={"study_name": name}), header)
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise InputError(f"{file} is there already; name another file, or use it as it is with --to")
    write_text(file, text)
