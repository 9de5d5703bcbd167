"""The end of a run: why it ended, the study summary, the files, what to type next."""

from collections.abc import Sequence
from shlex import quote

from rich.console import Console

from fxai.cli.options import DEFAULT_STORAGE
from fxai.cli.output import print_text
from fxai.cli.summary import print_summary
from fxai.results.paths import BEST_AGENT
from fxai.spec.storage_url import shown as shown_url
from fxai.spec.study import StudySpec
from fxai.tuning.tune import Tuned
from fxai.wording import legible, span


def print_conclusion(console: Console, study: StudySpec, tuned: Tuned) -> None:
    """What one run of the study came to."""
    ended = tuned.ended
    print_text(console, f"Study {ended.study} ended after {span(ended.seconds)}{_reason(ended.reason)}", "")
    print_summary(console, tuned.summary)
    if tuned.failure is not None:
        print_text(console, "", f"Trial {tuned.failure.number} failed: {legible(tuned.failure.message)}")
    print_text(console, "", "Files:", *(f"  {path}" for path in tuned.files), *_of_agent(study, tuned))
    print_text(console, "", "Next:", *(f"  {command}" for command in _next_commands(study, tuned)))


def _reason(reason: str | None) -> str:
    return "" if reason is None else f": {legible(reason)}"


def _of_agent(study: StudySpec, tuned: Tuned) -> Sequence[str]:
    """Whose the agent is, where the trial's value is not that of one training."""
    agent = next((path for path in tuned.files if path.name == BEST_AGENT), None)
    if agent is None or study.seeds_per_trial == 1:
        return ()
    return (
        f"The agent is that of the first of the trial's {study.seeds_per_trial} seeds, the best value their mean;",
        f"how it does by itself: fxai evaluate {quote(str(agent))}",
    )


def _next_commands(study: StudySpec, tuned: Tuned) -> Sequence[str]:
    where = "" if study.storage == DEFAULT_STORAGE else f" --storage {quote(shown_url(study.storage))}"
    name, best = quote(study.study_name), tuned.summary.best_trial
    shown = (best, None if tuned.failure is None else tuned.failure.number)
    show = [f"fxai show {name} {number}{where}" for number in shown if number is not None]
    return (*show, f"fxai report {name} --open{where}", f"fxai results {name}{where}", f"fxai dashboard{where}")
