"""Writes the result files of a study at the end of each run."""

import json
from pathlib import Path

from optuna import Study
from pydantic import JsonValue

from fxai.atomic_write import write_text
from fxai.formatting import counted
from fxai.results.agent_seeds import agent_seeds, study_agent
from fxai.results.best_agent import write_best_agent
from fxai.results.best_verdict import BestVerdict
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.strict_json import json_text
from fxai.results.summary import StudySummary
from fxai.results.training.best_config import best_config, load_best_config, with_seeds, write_best_config
from fxai.results.training.schedule import schedule_of
from fxai.results.trials_file import study_json
from fxai.results.winner_track import write_agent_track
from fxai.spec.search.study import StudySpec


def write_results(study: Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance) -> tuple[Path, ...]:
    """Write the results file with all trials and, if a trial has completed, parameters and config of the best trial.

    `write_best_agent` comes first, because the config has the seeds of the agent.

    Returns:
        The written files, and the folder that custom code wrote for the best trial. Without a best trial only
        `<study>_results.json`.
    """
    record = StudyRecord.of(study)
    written = [_write_trials(study, record, paths.results, provenance)]
    if record.best is not None:
        written += _write_best(record, record.best, spec, paths, provenance)
    return tuple(written)


def add_verdict(paths: StudyPaths, verdict: BestVerdict) -> None:
    """Write the verdict into the existing file of the best parameters; no change if it is of another trial.

    Raises:
        FxaiError: The file cannot be written.
    """
    try:
        document = json.loads(paths.best_params.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(document, dict) and verdict.current is not None and document.get("trial") == verdict.best:
        write_text(paths.best_params, json_text({**document, "verdict": verdict.as_json()}))


def write_judged_agent(record: StudyRecord, spec: StudySpec, paths: StudyPaths) -> tuple[Path, ...]:
    """Write the agent of the study's best trial after a verdict, with its config and its track record.

    Raises:
        FxaiError: A file cannot be read or written.
    """
    written = write_best_agent(record, spec, paths)
    if not written:
        return ()
    if paths.best_config.is_file():
        config = with_seeds(load_best_config(paths.best_config), agent_seeds(study_agent(paths)))
        write_best_config(paths.best_config, config, chosen_by=_chosen_by(record))
        written = (*written, paths.best_config)
    return (*written, *write_agent_track(paths))


def _write_trials(study: Study, record: StudyRecord, path: Path, provenance: Provenance) -> Path:
    document = {
        "summary": StudySummary.of(record).as_json(),
        **study_json(study),
        "provenance": provenance.as_json(),
        "trials": [trial.as_json() for trial in record.trials],
    }
    write_text(path, json_text(document))
    return path


def _write_best(
    record: StudyRecord, best: TrialRecord, spec: StudySpec, paths: StudyPaths, provenance: Provenance
) -> list[Path]:
    document = {
        "study": record.name,
        "trial": best.number,
        "metric": record.metric,
        "direction": record.direction,
        "value": best.value,
        **({"values": best.values} if best.values else {}),
        **best.errors.as_json(),
        **_choice(record),
        "verdict": BestVerdict.of(record.name, record.traits, best.number, paths.results_dir).as_json(),
        "params": best.params,
        "metrics": best.metrics,
        "provenance": provenance.as_json(),
    }
    write_text(paths.best_params, json_text(document))
    schedule = schedule_of(spec, record.trials, best.number)
    config = best_config(spec, best, provenance, schedule, seeds=_seeds_of_agent(record, best, paths))
    write_best_config(paths.best_config, config, chosen_by=_chosen_by(record))
    written = [paths.best_params, paths.best_config]
    if record.front:
        front = [trial.as_json() for trial in record.front]
        write_text(paths.pareto_front, json_text({"study": record.name, "knee": best.number, "front": front}))
        written.append(paths.pareto_front)
    custom_files = paths.trial(best.number).checkpoint_dir
    if custom_files.is_dir() and any(custom_files.iterdir()):
        written.append(custom_files)
    return written


def _choice(record: StudyRecord) -> dict[str, JsonValue]:
    """How the best trial was chosen; `value` is its value in the search in both cases."""
    if record.confirmed is None:
        return {}
    return {"chosen_by": _chosen_by(record), "confirmed": record.confirmed.as_json()}


def _chosen_by(record: StudyRecord) -> str:
    """How the best trial was chosen; empty if by its value in the search."""
    if record.confirmed is None:
        return ""
    raced = len(record.confirmed.candidates)
    return (
        f"the mean of {record.metric} over {counted(len(record.confirmed.seeds), 'fresh seed')}, best of {raced} trials"
    )


def _seeds_of_agent(record: StudyRecord, best: TrialRecord, paths: StudyPaths) -> tuple[int, ...]:
    """The seeds of the study's agent, so that training its config makes the same agent."""
    if seeds := agent_seeds(study_agent(paths)):
        return seeds
    if record.confirmed is not None and record.confirmed.trial == best.number:
        return record.confirmed.seeds[:1]
    return () if best.seed is None else (best.seed,)
