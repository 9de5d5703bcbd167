"""`best_agent.safetensors`: the agent that a study leaves, a committee of the best trial's seeds or one seed's agent.

The agent of `llm_signal` is the folder `best_agent`, with an adapter for each seed.

The seeds are those of the verdict on the test split, without a verdict those of the confirmation, without both those of
the search. The file of a custom objective is copied as it is.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.atomic_write import copy
from fxai.llm.signal_agent import has_signal_agent, signal_seeds, write_signal_committee
from fxai.protocol import TrialPaths
from fxai.results.agent_seeds import agent_seeds, judged_seeds
from fxai.results.committee_file import write_committee, write_first_member
from fxai.results.paths import StudyPaths, fresh_paths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.search.study import StudySpec


@dataclass(frozen=True, slots=True)
class _Members:
    """The trainings of a trial, one for each seed, or that of its search, whose agent has the members of all seeds."""

    trainings: Sequence[TrialPaths]
    seeds: tuple[int, ...] = ()  # empty for the search

    @property
    def files(self) -> Sequence[Path]:
        """The files of the agents."""
        return [each.agent for each in self.trainings]


def write_best_agent(record: StudyRecord, spec: StudySpec, paths: StudyPaths) -> tuple[Path, ...]:
    """Write the agent of the study's best trial.

    A file of another trial is removed. A file of this trial stays if it is this agent already, or if the agents that it
    was made of were deleted.

    Returns:
        The path; empty if the best trial has left no agent.

    Raises:
        FxaiError: An agent cannot be read, or the file cannot be written.
    """
    best = record.best
    if best is None:
        return ()
    if not _is_of(best, paths):
        paths.best_agent.unlink(missing_ok=True)
        paths.track_record.unlink(missing_ok=True)
        shutil.rmtree(paths.signal_agent, ignore_errors=True)
    if spec.objective == LLM_SIGNAL:
        _write_signal_agent(record, best, paths, first_seed=spec.agent == "first_seed")
        return (paths.signal_agent,) if paths.signal_agent.is_dir() else ()
    if spec.agent == "first_seed":
        _write_first_seed(record, best, paths)
    else:
        _write_all_seeds(record, best, paths)
    return (paths.best_agent,) if paths.best_agent.is_file() else ()


def _write_signal_agent(record: StudyRecord, best: TrialRecord, paths: StudyPaths, *, first_seed: bool) -> None:
    members = _confirmed(record, best, paths) or _searched(best, paths)
    if not first_seed:
        members = _judged(best, paths) or members
    folders = [each.checkpoint_dir for each in members.trainings if has_signal_agent(each.checkpoint_dir)]
    if not folders or (members.seeds and signal_seeds(paths.signal_agent) == members.seeds):
        return
    write_signal_committee(folders, paths.signal_agent, most=1 if first_seed else None)


def _write_all_seeds(record: StudyRecord, best: TrialRecord, paths: StudyPaths) -> None:
    members = _judged(best, paths) or _confirmed(record, best, paths) or _searched(best, paths)
    files = [path for path in members.files if path.is_file()]
    if not files or (members.seeds and agent_seeds(paths.best_agent) == members.seeds):
        return
    if len(files) == 1:
        copy(files[0], paths.best_agent)
    else:
        write_committee(files, paths.best_agent)


def _write_first_seed(record: StudyRecord, best: TrialRecord, paths: StudyPaths) -> None:
    first = (_confirmed(record, best, paths) or _searched(best, paths)).files[0]
    if not first.is_file():
        return
    if len(agent_seeds(first)) > 1:
        write_first_member(first, paths.best_agent)
    else:
        copy(first, paths.best_agent)


def _judged(best: TrialRecord, paths: StudyPaths) -> _Members | None:
    seeds = judged_seeds(best.number, paths)
    return (
        _Members([fresh_paths(paths.verdict_trainings, best.number, seed) for seed in seeds], seeds) if seeds else None
    )


def _confirmed(record: StudyRecord, best: TrialRecord, paths: StudyPaths) -> _Members | None:
    if record.confirmed is None or record.confirmed.trial != best.number:
        return None
    seeds = record.confirmed.seeds
    return _Members([paths.confirmed_trial(best.number, seed) for seed in seeds], seeds)


def _searched(best: TrialRecord, paths: StudyPaths) -> _Members:
    return _Members([paths.trial(best.number)])


def _is_of(best: TrialRecord, paths: StudyPaths) -> bool:
    """Whether the existing files are of this trial."""
    try:
        earlier = json.loads(paths.best_params.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(earlier, dict) and (earlier.get("trial"), earlier.get("value")) == (best.number, best.value)
