"""The end of a run: why it ended, the files, what to type next, and last the figures."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_files, print_text
from fxai.cli.summary import print_summary
from fxai.formatting import short_cause
from fxai.results.paths import BEST_AGENT
from fxai.results.printed_command import StudyLocation
from fxai.study.plain_lines import ended_line
from fxai.study.write_results import StudyOutcome

_FIRST = ("report.html", "best_config.yaml", BEST_AGENT, "best_params.json")  # ends of names, where there is no room


def print_conclusion(console: Console, outcome: StudyOutcome, location: StudyLocation) -> None:
    """What one run of the study came to."""
    print_text(console, ended_line(outcome.ended), "")
    print_files(console, sorted(outcome.files, key=_rank))
    print_text(console, "Next:", *(f"  {command}" for command in _next_commands(outcome, location)))
    print_text(console, *_of_agent(outcome), "")
    print_summary(console, outcome.summary)
    if outcome.failure is not None:
        print_text(console, "", f"Trial {outcome.failure.number} failed: {short_cause(outcome.failure.message)}")


def _rank(path: Path) -> int:
    return next((place for place, end in enumerate(_FIRST) if path.name.endswith(end)), len(_FIRST))


def _of_agent(outcome: StudyOutcome) -> Sequence[str]:
    """Whose the agent is, where the trial's value is not that of one training."""
    if _agent(outcome) is None or outcome.study.seeds_per_trial == 1:
        return ()
    seeds = outcome.study.seeds_per_trial
    return (
        f"The agent is that of the first of the trial's {seeds} seeds; the value is their mean.",
        "`fxai evaluate` shows how this agent does by itself.",
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
