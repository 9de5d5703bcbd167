"""What `fxai run` prints at the end of a study: the reason, the files, the next commands and the summary."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_files, print_log, print_text, shows_live_view
from fxai.cli.summary import print_summary, print_verdict
from fxai.formatting import short_cause
from fxai.mirror.location import url_of
from fxai.results.agent_seeds import agent_origin
from fxai.results.paths import BEST_AGENT, SIGNAL_AGENT, StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.study.plain_lines import ended_line
from fxai.study.write_results import StudyOutcome

_FIRST = ("report.html", "best_config.yaml", BEST_AGENT, SIGNAL_AGENT, "best_params.json")
"""Ends of the names of files that are printed first."""


def print_conclusion(console: Console, outcome: StudyOutcome, location: StudyLocation) -> None:
    """Print the result of one run of the study."""
    (print_text if shows_live_view(console) else print_log)(console, ended_line(outcome.ended))
    print_text(console, "")
    print_files(console, sorted(outcome.files, key=_rank))
    if outcome.results_written and (url := url_of(location.results_dir)) is not None:
        print_text(console, f"Uploaded to {url}", "")
    print_text(console, "Next:", *(f"  {command}" for command in _next_commands(outcome, location)))
    print_text(console, *_agent_note(outcome, location), "")
    print_summary(console, outcome.summary)
    if outcome.failure is not None:
        print_text(console, "", f"Trial {outcome.failure.number} failed: {short_cause(outcome.failure.message)}")
    print_verdict(console, outcome.verdict, outcome.study.study_name, location)


def _rank(path: Path) -> int:
    return next((place for place, end in enumerate(_FIRST) if path.name.endswith(end)), len(_FIRST))


def _agent_note(outcome: StudyOutcome, location: StudyLocation) -> Sequence[str]:
    """From which trainings the agent is, if a trial has several."""
    study, best = outcome.study, outcome.summary.best_trial
    if _agent(outcome) is None or best is None:
        return ()
    paths = StudyPaths(Path(location.results_dir), study.study_name)
    origin = agent_origin(best, outcome.summary.confirmed, study.seeds_per_trial, paths)
    facts = [origin] if origin else []
    if study.folds > 1:
        facts.append(f"trained in the last of the {study.folds} folds")
    if not facts:
        return ()
    return (f"The agent is {', '.join(facts)}.", "`fxai evaluate` shows its score, which is not the trial's value.")


def _agent(outcome: StudyOutcome) -> Path | None:
    return next((path for path in outcome.files if path.name in (BEST_AGENT, SIGNAL_AGENT)), None)


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
