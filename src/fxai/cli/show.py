"""`fxai show STUDY N`: details of one trial."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Console

from fxai.cli.error_message import warning
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl, StudyName
from fxai.cli.output import print_json, print_sentences, print_text, stdout
from fxai.errors import InputError
from fxai.formatting import assignments, figure, legible, span
from fxai.metric_text import metric_texts, number_text
from fxai.protocol import ParamValue, Usage
from fxai.results.best_verdict import BestVerdict
from fxai.results.folder_key import foreign_folder
from fxai.results.paths import StudyPaths, folder_fault
from fxai.results.record import TrialRecord
from fxai.results.value_errors import ValueErrors
from fxai.search.metric_goals import first_goal, goals_of
from fxai.search.stored_study import StoredStudy
from fxai.search.studies import stored_study
from fxai.search.study_traits import StudyTraits

_LOG_LINES = 200


def show(
    study: StudyName,
    number: Annotated[int, typer.Argument(metavar="N", help="Number of the trial.", min=0, show_default=False)],
    *,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Show the details of one trial.

    Prints the trial's parameters, metrics and reports, the cause of a failure, and the end of its log.
    """
    with stored_study(storage, study) as stored:
        trial, metric = _trial(stored, number), goals_of(stored)[first_goal(stored)].metric
        traits = StudyTraits.of(stored)
        foreign = None if folder_fault(study) else foreign_folder(StudyPaths(results_dir, study), stored.user_attrs)
    log = None if folder_fault(study) or foreign else StudyPaths(results_dir, study).trial(number).log
    if foreign is not None:
        warning(f"the trial's log is not shown: {foreign}")
    verdict = BestVerdict.of(study, traits, number, results_dir)
    if as_json:
        traceback = trial.failure and trial.failure.traceback
        print_json(
            {
                **trial.as_json(),
                "traceback": traceback,
                "log": str(log) if log and log.is_file() else None,
                "verdict": verdict.as_json(),
            }
        )
    else:
        _print_trial(stdout(), study, metric, trial, log, verdict=verdict)


def _trial(study: StoredStudy, number: int) -> TrialRecord:
    for trial in study.trials([number]):
        return TrialRecord.of(trial, goals_of(study), first_goal(study))
    count = len(study.candidates())
    existing = f"its trials are 0 to {count - 1}" if count else "it has no trials yet"
    raise InputError(f"Study '{study.study_name}' has no trial {number}: {existing}")


def _print_trial(
    console: Console, study: str, metric: str, trial: TrialRecord, log: Path | None, *, verdict: BestVerdict
) -> None:
    trading = verdict.traits.trading
    print_text(console, _headline(study, trial))
    if trial.value is not None:
        print_text(console, f"{metric}: {number_text(metric, trial.value, trial.standard_error, trading=trading)}")
    if verdict.headline:
        print_text(console, verdict.headline)
    _print_named(console, "Parameters", trial.params)
    _print_named(console, "Derived", {name: _one_line(value) for name, value in trial.derived.items()})
    _print_pbt_history(console, trial)
    _print_named(console, "Metrics", metric_texts(trial.metrics, value_of=metric, trading=trading))
    if explained := ValueErrors.of(trial.metrics).explained(trading=trading):
        print_sentences(console, explained)
    _print_named(console, "Resources", _resources(trial.usage))
    _print_named(console, "Reports", _reports(metric, trial, trading=trading))
    if trial.violated_constraints:
        print_text(
            console,
            "",
            "Not trained, because it violates:",
            *(f"  {legible(each)}" for each in trial.violated_constraints),
        )
    if trial.copy_of is not None:
        print_text(console, "", f"Copy of {legible(trial.copy_of)}, which the sampler learns from")
    if trial.failure is not None:
        print_text(console, "", f"Failure ({trial.failure.cause}): {legible(trial.failure.message)}")
        print_text(console, *map(legible, trial.failure.traceback.splitlines()))
    if log is not None and log.is_file():
        _print_log(console, log)
    elif log is not None and trial.failure is not None:
        print_text(console, "", f"No log at {log}")


def _headline(study: str, trial: TrialRecord) -> str:
    words = [f"Trial {trial.number} of {legible(study)}: {trial.standing}"]
    if trial.seconds is not None:
        words.append(f"after {span(trial.seconds)}")
    if trial.attempt:
        words.append(f"on attempt {trial.attempt + 1}")
    return " ".join(words)


def _resources(usage: Usage) -> Mapping[str, ParamValue]:
    """The measured resources of the trial."""
    measured = {
        "environment steps": f"{usage.env_steps:,}" if usage.env_steps else None,
        "steps per second": usage.steps_per_second and f"{usage.steps_per_second:,.0f}",
        "peak memory of its worker": usage.peak_memory_mb and f"{usage.peak_memory_mb:,.0f} MB",
        "peak GPU memory of its worker": usage.peak_gpu_memory_mb and f"{usage.peak_gpu_memory_mb:,.0f} MB",
    }
    return {name: value for name, value in measured.items() if value}


def _one_line(value: JsonValue) -> ParamValue:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _reports(metric: str, trial: TrialRecord, *, trading: bool) -> Mapping[str, ParamValue]:
    """The reported values by step."""
    return {f"step {step}": number_text(metric, value, trading=trading) for step, value in trial.reports.items()}


def _print_named(console: Console, heading: str, values: Mapping[str, ParamValue]) -> None:
    if values:
        lines = [f"  {legible(name)}: {figure(value)}" for name, value in values.items()]
        print_text(console, "", f"{heading}:", *lines)


def _print_pbt_history(console: Console, trial: TrialRecord) -> None:
    """The trials whose weights it copied, and the parameters that it changed each time."""
    if not trial.exploits:
        return
    print_text(console, "", f"Copied weights; its parameters at first: {assignments(trial.exploits[0].before)}")
    for each in trial.exploits:
        words = [f"{legible(name)}={figure(value)} ({each.changes[name]})" for name, value in each.params.items()]
        print_text(console, f"  at step {each.step} from trial {each.donor}: {', '.join(words)}")


def _print_log(console: Console, log: Path) -> None:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    shown = lines[-_LOG_LINES:]
    extent = f", last {len(shown)} of {len(lines)} lines" if len(shown) < len(lines) else ""
    print_text(console, "", f"Log ({log}{extent}):", *(f"  {legible(line)}" for line in shown))
