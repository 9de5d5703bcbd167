"""Studies as plain functions: load specs, run a study, load what it found."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from fxai.api.call_study import announce
from fxai.api.hpo_config import DEFAULT_STORAGE, HPOConfig
from fxai.api.study_spec import spec_of_mapping
from fxai.errors import InputError, RepeatedFailureError
from fxai.results.study_results import StudyResults
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.study import Spec, StudySpec
from fxai.study.interrupts import stop_on_signals
from fxai.study.open_study import check_study
from fxai.study.plain_lines import ended_line
from fxai.study.progress_log import SEARCHES, speaking_logger, watch_in_log
from fxai.study.run import Watch, search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.write_results import RunStatus

Given: TypeAlias = StudySpec | Spec | Mapping[str, Any] | str | Path
DEFAULT_RESULTS_DIR: str = Spec.model_fields["results_dir"].default


def load_specs(*sources: str | Path) -> tuple[Spec, ...]:
    """The specs in YAML files, or shipped ones by name, as `load_specs("quick_search")`.

    A `SpecError` lists every fault of a file, by line.
    """
    return tuple(load_spec(find_spec(str(source))) for source in sources)


def run_study(
    spec: Given,
    *,
    study: str | None = None,
    config: HPOConfig | None = None,
    settings: Mapping[str, Any] | None = None,
    results_dir: str | Path | None = None,
    fresh: bool = False,
    plots: bool | None = None,
    watch: Watch | None = None,
) -> StudyResults:
    """Bring a study to its `n_trials`, and return what it has come to; run again, it goes on where it was.

    spec: a spec, the name or path of one, or a mapping with the keys of a spec or of one study; where it has several
        studies, `study` names the one to run.
    config: settings in the form of an `HPOConfig`, its `study_name` in place of the study's own.
    settings: fields of the spec, as `--set` takes them: `{"n_trials": 20, "training.total_updates": 50}`.
    results_dir: folder for the study's files; the spec's unless given.
    fresh: start anew; the study of this name is kept under another one.
    plots: whether to write the HTML plots too; as the spec says unless given.
    watch: sees the study's events and returns the last; unless given they go to the logger `HPOptimizer`.

    Ctrl-C ends a run in good order, and then raises KeyboardInterrupt. A `RepeatedFailureError` says that trial after
    trial failed alike.
    """
    chosen = _only(spec, study, config or HPOConfig(), settings or {})
    folder = Path(chosen.results_dir if results_dir is None else results_dir)
    logger = speaking_logger(SEARCHES)
    if not fresh:
        announce(chosen.studies[0], folder, logger, caller=None)
    return search(
        chosen.studies[0],
        folder,
        logger,
        watch or watch_in_log(logger),
        fresh=fresh,
        plots=chosen.save_study_plots if plots is None else plots,
    )


def search(
    study: StudySpec,
    results_dir: Path,
    logger: logging.Logger,
    watch: Watch,
    *,
    fresh: bool,
    plots: bool,
    write_engine: Callable[[Path], None] | None = None,
) -> StudyResults:
    """Run a study while `watch` follows its events; see `run_study`, and `search_study` on `write_engine`."""
    check_study(study)
    with _interruptible() as stop:
        outcome = search_study(study, results_dir, watch, stop, fresh=fresh, plots=plots, write_engine=write_engine)
    for warning in outcome.warnings:
        logger.warning("%s", warning)
    logger.info("%s", ended_line(outcome.ended))
    if outcome.status is RunStatus.INTERRUPTED:
        raise KeyboardInterrupt(outcome.ended.reason)
    if outcome.status is RunStatus.FAILING:
        raise RepeatedFailureError(f"{study.study_name}: {outcome.ended.reason}")
    return StudyResults.stored(study.storage, study.study_name, results_dir)


def load_results(
    source: str | Path, *, storage: str = DEFAULT_STORAGE, results_dir: str | Path = DEFAULT_RESULTS_DIR
) -> StudyResults:
    """What a study has come to: by its name in the database `storage`, or by its `<study>_results.json` or folder.

    A file is all that is needed: it may come from another machine.
    """
    path = Path(source)
    if path.exists():
        return StudyResults.in_file(path)
    if path.suffix == ".json":
        raise InputError(f"{path}: there is no such file")
    return StudyResults.stored(storage, str(source), Path(results_dir))


def _only(
    spec: Given,
    name: str | None,
    config: HPOConfig,
    settings: Mapping[str, Any],
) -> Spec:
    """A spec of the one study to run, with the settings made in it."""
    if isinstance(spec, StudySpec):
        spec = Spec(name=spec.study_name, studies=(spec,))
    elif isinstance(spec, Mapping):
        spec = spec_of_mapping(spec, "run_study")
    elif not isinstance(spec, Spec):
        (spec,) = load_specs(spec)
    chosen = [each for each in spec.studies if name in {None, each.study_name}]
    if len(chosen) != 1:
        there = ", ".join(each.study_name for each in spec.studies)
        raise InputError(f"the spec {spec.name} has the studies {there}; name one of them by study=")
    if config.study_name is not None:
        chosen = [chosen[0].model_copy(update={"study_name": config.study_name})]  # which `override` validates
    given = {key: _as_written(value) for key, value in {**config.settings(), **settings}.items()}
    return override(spec.model_copy(update={"studies": tuple(chosen)}), given)


def _as_written(value: Any) -> str:
    """As the command line has it."""
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def _interruptible() -> Iterator[StopSignal]:
    """Ctrl-C asks to end where this is the main thread, which alone has signals."""
    if threading.current_thread() is threading.main_thread():
        with stop_on_signals() as stop:
            yield stop
    else:
        yield StopSignal()
