"""The spec that a command line selects, with the options applied."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError, Problem, SpecError
from fxai.market.reading.sources import check_source
from fxai.spec.fields.objective import LLM_SIGNAL, returns_positions
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.data_paths import searched_folders
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.find_study import find_spec_of_study
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.positions_config import scored_market
from fxai.spec.search.signal_config import signal_config
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
    "engine": "--engine",
    "ray_address": "--ray-address",
    "ray_unprotected": "--ray-unprotected",
}
WHOLE_MACHINE = -1  # n_jobs, as in Optuna and scikit-learn


def load_plan(spec: str | None, study: str | None, settings: Mapping[str, str]) -> Spec:
    """The spec to run, with the settings applied.

    Args:
        spec: File or name of a shipped spec. If None, the shipped spec that has the study, or else `quick_search`.
        study: Name of the one study to run; all studies of the spec if None.
        settings: Values in JSON by dotted keys, as `settings_of` returns them.

    Raises:
        InputError: The spec or the study does not exist.
        SpecError: A setting is wrong; the message names its option.
    """
    path = spec_file(spec, study)
    loaded = load_spec(path)
    chosen = loaded if study is None else _with_one_study(loaded, study, str(path))
    try:
        return override(chosen, settings)
    except SpecError as error:
        raise SpecError("command line", tuple(map(_with_option, error.problems))) from None


def spec_file(spec: str | None, study: str | None) -> Path:
    """The path of the spec that `load_plan` reads."""
    return find_spec_of_study(study) if spec is None and study is not None else find_spec(spec or DEFAULT_SPEC)


def check_data(study: StudySpec, spec: Path) -> None:
    """Check that the data of a study exist.

    Raises:
        DataError: The data are missing; the message names the folders that were searched.
    """
    config = study.training_config
    if isinstance(config, CustomConfig) and study.objective == LLM_SIGNAL:
        check_source(signal_config(config.root).data, searched_folders(spec.parent))
    if isinstance(config, CustomConfig) and returns_positions(study.objective):
        config = scored_market(config.root)
    if isinstance(config, TrainingConfig):
        check_source(config.data, searched_folders(spec.parent))


def _with_one_study(spec: Spec, study: str, source: str) -> Spec:
    chosen = tuple(each for each in spec.studies if each.study_name == study)
    if not chosen:
        names = ", ".join(each.study_name for each in spec.studies)
        raise InputError(f"Study '{study}' not found in {source}; its studies: {names}")
    return spec.model_copy(update={"studies": chosen})


def settings_of(assignments: Sequence[str], flags: Mapping[str, float | str | None]) -> dict[str, str]:
    """The settings of `--set` and of the other options: values in JSON by dotted keys, for `override`."""
    given = {name: json.dumps(value) for name, value in flags.items() if value is not None}
    if flags.get("n_jobs") == WHOLE_MACHINE:
        given["n_jobs"] = "null"
    return dict(map(_assignment, assignments)) | given


def _with_option(problem: Problem) -> Problem:
    """The problem, with the option of the command line as its key."""
    return replace(problem, key=FLAGS.get(problem.key, f"--set {problem.key}"))


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(
            f"--set {text!r} is not an assignment; write key=value, for example --set training.total_updates=50"
        )
    return key.strip(), value
