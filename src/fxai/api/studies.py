"""Functions to load specs, run a study, and load its results."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from fxai.api.call_study import announce
from fxai.api.hpo_config import DEFAULT_STORAGE, HPOConfig
from fxai.api.study_spec import spec_of_mapping
from fxai.errors import InputError, RepeatedFailureError
from fxai.mirror.pull import Depth
from fxai.mirror.working_folder import storage_for, with_working_folder, working_folder
from fxai.results.study_results import StudyResults
from fxai.search.server_connection import check_server
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.study import Spec, StudySpec
from fxai.study.interrupts import stop_on_signals
from fxai.study.open_study import check_study
from fxai.study.plain_lines import ended_line
from fxai.study.progress_log import SEARCHES, speaking_logger, watch_in_log
from fxai.study.run import Watch, search_study
from fxai.study.write_results import RunStatus

Given: TypeAlias = StudySpec | Spec | Mapping[str, Any] | str | Path
DEFAULT_RESULTS_DIR: str = Spec.model_fields["results_dir"].default


def load_specs(*sources: str | Path) -> tuple[Spec, ...]:
    """Load specs from YAML files, or shipped specs by name, e.g. `load_specs("quick_search")`.

    Raises:
        InputError: A spec does not exist.
        SpecError: A file has mistakes; the message lists all of them with their lines.
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
    """Run a study until it has `n_trials` trials. Run again to resume it.

    Args:
        spec: A spec, its name or path, or a mapping with the keys of a spec or of one study.
        study: Name of the study to run, if the spec has several.
        config: Settings; its `study_name` replaces the study's name.
        settings: Fields of the spec, as for `--set`: `{"n_trials": 20, "training.total_updates": 50}`.
        results_dir: Folder or URL of the study's files. Default: the spec's.
        fresh: Start a new study; an existing study of this name is kept under another name.
        plots: Whether to write the HTML plots. Default: the spec's `save_study_plots`.
        watch: Receives the study's events and returns the last one. Default: the events are logged by the logger
            `HPOptimizer`.

    Returns:
        The results of the study.

    Raises:
        InputError: The spec or a setting is wrong.
        KeyboardInterrupt: After Ctrl-C, when the trials have ended or are saved.
        RepeatedFailureError: Too many trials in a row failed with the same message.
        StorageError: The database cannot be used.
    """
    chosen = _only(spec, study, config or HPOConfig(), settings or {})
    if results_dir is not None:
        chosen = chosen.model_copy(update={"results_dir": str(results_dir)})
    chosen = with_working_folder(chosen)
    folder = Path(chosen.results_dir)
    logger = speaking_logger(SEARCHES)
    check_server(chosen.studies[0].storage)
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
    with stop_on_signals() as stop:
        outcome = search_study(study, results_dir, watch, stop, fresh=fresh, plots=plots, write_engine=write_engine)
    for warning in outcome.warnings:
        logger.warning("%s", warning)
    logger.info("%s", ended_line(outcome.ended))
    for line in outcome.verdict.sentences():
        logger.info("%s", line)
    if outcome.status is RunStatus.INTERRUPTED:
        raise KeyboardInterrupt(outcome.ended.reason)
    if outcome.status is RunStatus.FAILING:
        raise RepeatedFailureError(f"{study.study_name}: {outcome.ended.reason}")
    return StudyResults.stored(study.storage, study.study_name, results_dir)


def load_results(
    source: str | Path, *, storage: str = DEFAULT_STORAGE, results_dir: str | Path = DEFAULT_RESULTS_DIR
) -> StudyResults:
    """Load the results of a study.

    Args:
        source: Name of a study in the database `storage`, or the path of a `<study>_results.json` or of its folder. A
            results file needs no database, so it may come from another machine.
        storage: SQLAlchemy URL of the database.
        results_dir: Folder or URL of the studies' files.

    Raises:
        InputError: The study or the file does not exist.
    """
    path = Path(source)
    if path.exists():
        return StudyResults.in_file(path)
    if path.suffix == ".json":
        raise InputError(f"{path}: there is no such file")
    folder = working_folder(results_dir, {str(source)}, Depth.ALL)
    return StudyResults.stored(storage_for(storage, folder), str(source), folder)


def _only(
    spec: Given,
    name: str | None,
    config: HPOConfig,
    settings: Mapping[str, Any],
) -> Spec:
    """The spec with only the study to run, and with the settings applied."""
    if isinstance(spec, StudySpec):
        spec = Spec(name=spec.study_name, studies=(spec,))
    elif isinstance(spec, Mapping):
        spec = spec_of_mapping(spec, "run_study")
    elif not isinstance(spec, Spec):
        (spec,) = load_specs(spec)
    chosen = [each for each in spec.studies if name in {None, each.study_name}]
    if len(chosen) != 1:
        names = ", ".join(each.study_name for each in spec.studies)
        raise InputError(f"the spec {spec.name} has the studies {names}; choose one with study=")
    if config.study_name is not None:
        chosen = [chosen[0].model_copy(update={"study_name": config.study_name})]  # which `override` validates
    given = {key: _as_written(value) for key, value in {**config.settings(), **settings}.items()}
    return override(spec.model_copy(update={"studies": tuple(chosen)}), given)


def _as_written(value: Any) -> str:
    """The value as text, as on the command line."""
    return value if isinstance(value, str) else json.dumps(value)
