"""The end of a run: why it ended, the files, what to type next, and last the figures."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_files, print_text
from fxai.cli.summary import print_summary
from fxai.formatting import legible, short_cause, span
from fxai.results.paths import BEST_AGENT
from fxai.results.printed_command import StudyLocation
from fxai.spec.search.study import StudySpec
from fxai.study.events import StudyEnded
from fxai.study.write_results import StudyOutcome

_FIRST = ("report.html", "best_config.yaml", BEST_AGENT, "best_params.json")  # ends of names, where there is no room


def print_conclusion(console: Console, study: StudySpec, tuned: StudyOutcome, location: StudyLocation) -> None:
    """What one run of the study came to."""
    print_text(console, _ending(tuned.ended), "")
    print_files(console, sorted(tuned.files, key=_rank))
    print_text(console, "Next:", *(f"  {command}" for command in _next_commands(study, tuned, location)))
    print_text(console, *_of_agent(study, tuned), "")
    print_summary(console, tuned.summary)
    if tuned.failure is not None:
        print_text(console, "", f"Trial {tuned.failure.number} failed: {short_cause(tuned.failure.message)}")


def _ending(ended: StudyEnded) -> str:
    if ended.finished_before >= ended.progress.total:
        return f"Study {ended.study}: nothing to do: {_finished(ended)}"
    reason = "" if ended.reason is None else f": {legible(ended.reason)}"
    return f"Study {ended.study} ended after {span(ended.seconds)}{reason}"


def _finished(ended: StudyEnded) -> str:
    finished, total = ended.progress.finished, ended.progress.total
    if finished > total:
        return f"{finished} trials are finished, {total} were asked for"
    return f"{finished} of {total} trials are finished"


def _rank(path: Path) -> int:
    return next((place for place, end in enumerate(_FIRST) if path.name.endswith(end)), len(_FIRST))


def _of_agent(study: StudySpec, tuned: StudyOutcome) -> Sequence[str]:
    """Whose the agent is, where the trial's value is not that of one training."""
    if _agent(tuned) is None or study.seeds_per_trial == 1:
        return ()
    seeds = study.seeds_per_trial
    return (
        f"The agent is that of the first of the trial's {seeds} seeds; the value is their mean.",
        "`fxai evaluate` shows how this agent does by itself.",
    )


def _agent(tuned: StudyOutcome) -> Path | None:
    return next((path for path in tuned.files if path.name == BEST_AGENT), None)


def _next_commands(study: StudySpec, tuned: StudyOutcome, location: StudyLocation) -> Sequence[str]:
    name, agent = study.study_name, _agent(tuned)
    shown = (tuned.summary.best_trial, None if tuned.failure is None else tuned.failure.number)
    return (
        location.command("report", name, options={"--open": ""}),
        *(location.command("show", name, number) for number in shown if number is not None),
        *(() if agent is None else (location.command("evaluate", agent),)),
        location.command("results", name),
        location.command("dashboard"),
    )
