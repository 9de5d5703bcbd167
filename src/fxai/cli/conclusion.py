"""What `fxai run` prints at the end of a study: the reason, the files, the next commands and the summary."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_files, print_text
from fxai.cli.summary import print_summary, print_verdict
from fxai.formatting import counted, short_cause
from fxai.results.paths import BEST_AGENT
from fxai.results.printed_command import StudyLocation
from fxai.study.plain_lines import ended_line
from fxai.study.write_results import StudyOutcome

_FIRST = ("report.html", "best_config.yaml", BEST_AGENT, "best_params.json")  # ends of file names, printed first


def print_conclusion(console: Console, outcome: StudyOutcome, location: StudyLocation) -> None:
    """Print the result of one run of the study."""
    print_text(console, ended_line(outcome.ended), "")
    print_files(console, sorted(outcome.files, key=_rank))
    print_text(console, "Next:", *(f"  {command}" for command in _next_commands(outcome, location)))
    print_text(console, *_agent_note(outcome), "")
    print_summary(console, outcome.summary)
    if outcome.failure is not None:
        print_text(console, "", f"Trial {outcome.failure.number} failed: {short_cause(outcome.failure.message)}")
    print_verdict(console, outcome.verdict, outcome.study.study_name, location)


def _rank(path: Path) -> int:
    return next((place for place, end in enumerate(_FIRST) if path.name.endswith(end)), len(_FIRST))


def _agent_note(outcome: StudyOutcome) -> Sequence[str]:
    """From which training the agent is, if a trial has several."""
    study = outcome.study
    if _agent(outcome) is None:
        return ()
    if outcome.summary.confirmed is not None:
        fresh = counted(len(outcome.summary.confirmed.seeds), "fresh seed")
        return (f"The agent is from the first of {fresh} of the confirmation.",)
    if study.lanes_per_trial == 1:
        return ()
    if study.folds > 1:
        origin = f"one of the trial's {study.folds} folds: the fold whose training ends last"
        return (
            f"The agent is from {origin}. The trial's value is the mean over all folds and seeds.",
            "`fxai evaluate` shows the score of this agent alone.",
        )
    seeds = study.seeds_per_trial
    return (
        f"The agent is from the first of the trial's {seeds} seeds. The trial's value is the mean over all seeds.",
        "`fxai evaluate` shows the score of this agent alone.",
    )


def _agent(outcome: StudyOutcome) -> Path | None:
    return next((path for path in outcome.files if path.name == BEST_AGENT), None)


def _next_commands(outcome: StudyOutcome, location: StudyLocation) -> Sequence[str]:
    name, agent = outcome.study.study_name, _agent(outcome)
    shown = (outcome.summary.best_trial, None if outcome.failure is None else outcome.failure.number)
    return (
        location.command("report", name, options={"--open": ""}),
        *(location.command("show", name, number) for number in shown if number is not None),
        *(() if agent is None else (location.command("evaluate", agent),)),
        location.command("results", name),
        location.command("dashboard"),
    )
