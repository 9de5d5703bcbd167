"""Report section: failed trials by cause, and proposals that violate a constraint."""

import re
from collections import defaultdict

from fxai.formatting import legible, runs
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Block, Folded, Section, Table
from fxai.results.report.study_info import StudyInfo
from fxai.search.stored_trial import StoredState

_MOST_MESSAGES = 20
_MOST_NUMBERS = 12
_OWN_LOG = re.compile(r"\s*\(log: .*\)$")  # path of the trial's log; `fxai show` prints it


def failures(info: StudyInfo) -> Section:
    name, title = "failures", "Failures"
    failed = [trial for trial in info.own if trial.state is StoredState.FAIL and trial.failure is not None]
    broken = [trial for trial in info.record.trials if trial.violated_constraints]
    blocks: list[Block] = [*_failed(failed), *_broken(broken)]
    return Section(name, title, blocks or [Absent("No trial has failed.")])


def _failed(trials: list[TrialRecord]) -> list[Block]:
    """A table with one row per cause and message, the most frequent first, and one traceback per cause."""
    if not trials:
        return []
    groups: dict[tuple[str, str], list[TrialRecord]] = defaultdict(list)
    for trial in trials:
        if trial.failure is not None:
            groups[trial.failure.cause, _OWN_LOG.sub("", legible(trial.failure.message))].append(trial)
    by_count = sorted(groups.items(), key=lambda group: -len(group[1]))
    rows = [
        (f"{len(group):,}", cause, message, _numbers(group)) for (cause, message), group in by_count[:_MOST_MESSAGES]
    ]
    left = len(by_count) - len(rows)
    if left:
        rest = sum(len(group) for _, group in by_count[_MOST_MESSAGES:])
        rows.append((str(rest), "", f"{left} further messages", ""))
    blocks: list[Block] = [Table(("Trials", "Cause", "Message", "Numbers"), rows, frozenset({0}))]
    seen: set[str] = set()
    for (cause, _), group in by_count:
        traced = next((trial for trial in group if trial.failure is not None and trial.failure.traceback), None)
        if cause not in seen and traced is not None and traced.failure is not None:
            seen.add(cause)
            blocks.append(Folded(f"Traceback of trial {traced.number} ({cause})", traced.failure.traceback))
    return blocks


def _numbers(trials: list[TrialRecord]) -> str:
    """The first trial numbers, and the count of the others."""
    shown = runs(trial.number for trial in trials[:_MOST_NUMBERS])
    left = len(trials) - _MOST_NUMBERS
    return f"{shown} and {left:,} more" if left > 0 else shown


def _broken(trials: list[TrialRecord]) -> list[Block]:
    """A table of violated constraints with the number of proposals."""
    counts: dict[str, int] = defaultdict(int)
    for constraint in (constraint for trial in trials for constraint in trial.violated_constraints):
        counts[constraint] += 1
    if not counts:
        return []
    rows = [(str(count), constraint) for constraint, count in sorted(counts.items(), key=lambda pair: -pair[1])]
    return [Table(("Proposals", "Violated constraint (not trained)"), rows, frozenset({0}))]
