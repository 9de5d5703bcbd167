"""What a command line asks for: the spec, narrowed to one study if so, with the flags in their places."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError, Problem, SpecError
from fxai.market.sources import check_source
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.data_place import tried_folders
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.find_study import find_spec_of_study
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.study import Spec, StudySpec

DEFAULT_SPEC = "quick_search"
FLAGS = {
    "preset": "--preset",
    "n_jobs": "--n-jobs",
    "n_trials": "--n-trials",
    "timeout": "--timeout",
    "metric_name": "--metric",
    "storage": "--storage",
    "results_dir": "--results-dir",
    "seed": "--seed",
}
WHOLE_MACHINE = -1  # workers, as Optuna and scikit-learn write it


def planned(spec: str | None, study: str | None, settings: Mapping[str, str]) -> Spec:
    """The spec to run. Without a spec the study is looked for in the shipped ones; without either, `quick_search`."""
    path = spec_file(spec, study)
    loaded = load_spec(path)
    chosen = loaded if study is None else _narrowed(loaded, study, str(path))
    try:
        return override(chosen, settings)
    except SpecError as error:
        raise SpecError("command line", tuple(map(_as_written, error.problems))) from None


def spec_file(spec: str | None, study: str | None) -> Path:
    """The file that `planned` reads."""
    return find_spec_of_study(study) if spec is None and study is not None else find_spec(spec or DEFAULT_SPEC)


def check_data(study: StudySpec, spec: Path) -> None:
    """A `DataError` that names the folders tried, where the bars of a study of that spec are not there."""
    if isinstance(study.training_config, TrainingConfig):
        check_source(study.training_config.data, tried_folders(spec.parent))


def _narrowed(spec: Spec, study: str, source: str) -> Spec:
    chosen = tuple(each for each in spec.studies if each.study_name == study)
    if not chosen:
        there = ", ".join(each.study_name for each in spec.studies)
        raise InputError(f"Study '{study}' not found in {source}; its studies: {there}")
    return spec.model_copy(update={"studies": chosen})


def settings_of(assignments: Sequence[str], flags: Mapping[str, float | str | None]) -> dict[str, str]:
    """`--set` assignments, and flags under the names of the fields they set, as `override` takes them."""
    given = {name: json.dumps(value) for name, value in flags.items() if value is not None}
    if flags.get("n_jobs") == WHOLE_MACHINE:
        given["n_jobs"] = "null"
    return dict(map(_assignment, assignments)) | given


def _as_written(problem: Problem) -> Problem:
    """The problem of a setting under the flag that made it."""
    return replace(problem, key=FLAGS.get(problem.key, f"--set {problem.key}"))


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set {text!r} is no assignment; write key=value, as in --set training.total_updates=50")
    return key.strip(), value
