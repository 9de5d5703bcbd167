"""Writes the result files of a study at the end of each run."""

import json
from dataclasses import replace
from pathlib import Path

from optuna import Study
from pydantic import JsonValue

from fxai.atomic_write import copy, write_text
from fxai.formatting import counted
from fxai.results.best_verdict import BestVerdict
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.strict_json import json_text
from fxai.results.summary import StudySummary
from fxai.results.training.best_config import best_config, write_best_config
from fxai.results.training.schedule import schedule_of
from fxai.results.trials_file import study_json
from fxai.spec.search.study import StudySpec


def write_results(study: Study, spec: StudySpec, paths: StudyPaths, provenance: Provenance) -> tuple[Path, ...]:
    """Write the results file with all trials and, if a trial has completed, the files of the best trial.

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
    if not _agent_is_of(best, paths):
        paths.best_agent.unlink(missing_ok=True)  # it is the agent of another trial
        paths.track_record.unlink(missing_ok=True)
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
    config = best_config(spec, _with_seed_of_agent(record, best), provenance, schedule)
    write_best_config(paths.best_config, config, chosen_by=_chosen_by(record))
    written = [paths.best_params, paths.best_config]
    agent = _agent_of(record, best, paths)
    if agent.is_file():
        copy(agent, paths.best_agent)
        written.append(paths.best_agent)
    if record.front:
        front = [trial.as_json() for trial in record.front]
        write_text(paths.pareto_front, json_text({"study": record.name, "knee": best.number, "front": front}))
        written.append(paths.pareto_front)
    custom_files = paths.trial(best.number).checkpoint_dir
    if custom_files.is_dir() and any(custom_files.iterdir()):
        written.append(custom_files)
    return written


def _agent_of(record: StudyRecord, best: TrialRecord, paths: StudyPaths) -> Path:
    """The agent of the best trial: of its first seed in the confirmation, or in the search."""
    if record.confirmed is not None and record.confirmed.trial == best.number:
        return paths.confirmed_trial(best.number, record.confirmed.seeds[0]).agent
    return paths.trial(best.number).agent


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


def _with_seed_of_agent(record: StudyRecord, best: TrialRecord) -> TrialRecord:
    """The best trial with the seed of `_agent_of`, so that training its config makes the same agent."""
    if record.confirmed is None or record.confirmed.trial != best.number:
        return best
    return replace(best, seed=record.confirmed.seeds[0])


def _agent_is_of(best: TrialRecord, paths: StudyPaths) -> bool:
    """Whether the existing files are of this trial."""
    try:
        earlier = json.loads(paths.best_params.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(earlier, dict) and (earlier.get("trial"), earlier.get("value")) == (best.number, best.value)
