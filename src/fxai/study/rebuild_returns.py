"""Computes the missing bar returns of a study's trials again, in the parent process.

The returns of a trial are missing if its file was deleted or damaged, or if an earlier release ran the trial. They come
from the trial's agent, if one agent has trained for the trial and its file is kept, or from the trial's adapters of
`llm_signal`, if they are kept. Otherwise the trial trains again with its parameters and seeds, up to its last report.
Returns are kept only if they have the trial's stored value to the bit, because the statistics of a study compare them
with stored values.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fxai.atomic_write import copy
from fxai.errors import FxaiError, InputError
from fxai.llm.signal_agent import has_signal_agent
from fxai.market.scores.bar_returns import BarReturns, read_bar_returns
from fxai.pool import WorkerPool
from fxai.protocol import Report, StudyIdentity, TrialPaths, TrialRequest, TrialResult
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.search.seeds import lane_seeds
from fxai.search.stored_trial import StoredState
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.search.study import StudySpec
from fxai.study.events import StudyEvent
from fxai.study.stop_signal import StopSignal
from fxai.study.train_agents import train_agents
from fxai.study.trial_requests import TrialRequests

_WITH_RETURNS = (StoredState.COMPLETE, StoredState.PRUNED)


def check_rebuild(spec: StudySpec, record: StudyRecord) -> None:
    """Check that the trials of a study can be computed again.

    Raises:
        InputError: The trials have custom code, which leaves no returns, or are members of a population.
    """
    if not record.trading:
        raise InputError(
            f"{spec.study_name}: --rebuild applies to fx_trading and llm_signal only; other trials leave no returns"
        )
    if spec.search is not None:
        raise InputError(
            f"{spec.study_name}: --rebuild cannot train a member of a population again, whose parameters change during "
            "training"
        )


def without_returns(record: StudyRecord, paths: StudyPaths) -> Sequence[TrialRecord]:
    """The trials whose returns at their last report are missing or cannot be read."""
    ended = [trial for trial in record.trials if trial.state in _WITH_RETURNS and not trial.uncounted]
    return [trial for trial in ended if trial.reports and not _has_returns(trial, paths)]


def _has_returns(trial: TrialRecord, paths: StudyPaths) -> bool:
    try:
        return read_bar_returns(paths.trial(trial.number).returns).step == max(trial.reports)
    except InputError:
        return False


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What a rebuild has done."""

    written: list[int] = field(default_factory=list)  # numbers of trials
    not_written: dict[int, str] = field(default_factory=dict)  # why, by the number of the trial


class ReturnsRebuild:
    """The missing returns of one study."""

    def __init__(self, spec: StudySpec, record: StudyRecord, identity: StudyIdentity, paths: StudyPaths) -> None:
        self.spec, self._paths, self._requests = spec, paths, TrialRequests(spec, identity)
        self.missing = {trial.number: trial for trial in without_returns(record, paths)}
        self.result = RebuildResult()

    def score_agents(self) -> None:
        """Compute the returns of trials whose agent is kept. `missing` has the other trials after it."""
        for trial in list(self.missing.values()):
            try:
                scored = self._scored(trial)
            except FxaiError:
                continue  # the trial trains again
            if scored is not None and scored[1] == _stored_value(trial):
                scored[0].write(self._paths.trial(trial.number).returns)
                self._wrote(trial.number)

    def _scored(self, trial: TrialRecord) -> tuple[BarReturns, float] | None:
        """The returns of a trial's agent and their value; None if the agent of each of its trainings is not kept."""
        paths, step = self._paths.trial(trial.number), max(trial.reports)
        if has_signal_agent(paths.checkpoint_dir):
            from fxai.llm.signal_returns import signal_returns  # noqa: PLC0415 - torch is slow to load

            return signal_returns(paths.checkpoint_dir, self._request(trial), step)
        if self.spec.lanes_per_trial > 1 or not paths.agent.is_file():
            return None  # of several trainings, earlier releases kept the agent of the first one alone
        from fxai.rl.agents.agent_returns import agent_returns  # noqa: PLC0415

        return agent_returns(paths.agent, self._request(trial), step)

    def train(self, workers: WorkerPool, stop: StopSignal) -> Iterator[StudyEvent]:
        """Train the missing trials again, and keep what each has earned. After an interruption, call it again.

        Raises:
            FxaiError: A worker was lost too often, or a file cannot be written.
        """
        pruned_at = {
            number: max(trial.reports) for number, trial in self.missing.items() if trial.state is StoredState.PRUNED
        }
        reports: dict[int, Report] = {}
        chains = [[self._request(trial)] for trial in self.missing.values()]
        for event in train_agents(chains, workers, stop, pruned_at):
            match event:
                case Report():
                    reports[event.number] = event
                case TrialResult():
                    self._end(event, reports.get(event.number))
                case _:
                    yield event

    def _request(self, trial: TrialRecord) -> TrialRequest:
        if trial.seed is None:
            raise InputError(f"the database has no seed of trial {trial.number}; restore it from a backup")
        seeds = lane_seeds(trial.seed, self.spec.lanes_per_trial)
        return self._requests.of(trial.number, trial.params, seeds, self._training(trial.number).directory)

    def _training(self, number: int) -> TrialPaths:
        return TrialPaths.of(self._paths.rebuilt, number)

    def _end(self, result: TrialResult, report: Report | None) -> None:
        """Keep the returns of a training that has ended, or note why not. Its own files are removed."""
        trial, training = self.missing[result.number], self._training(result.number)
        reason = self._fault(trial, result, report)
        if reason:
            self.result.not_written[trial.number] = reason
        else:
            copy(training.returns, self._paths.trial(trial.number).returns)
            self._wrote(trial.number)
        shutil.rmtree(training.directory, ignore_errors=True)
        _remove_if_empty(self._paths.rebuilt)

    def _fault(self, trial: TrialRecord, result: TrialResult, report: Report | None) -> str:
        """Why the returns of a training are not those of the trial; empty if they are."""
        if result.error is not None:
            return f"its training failed: {result.error.message}"
        if result.flaw or report is None:
            return result.flaw or "its training made no report"
        if (report.step, report.value) != (max(trial.reports), _stored_value(trial)):
            unit = "steps" if self.spec.objective == LLM_SIGNAL else "updates"
            return (
                f"trained again, its {self.spec.metric_name} after {report.step} {unit} is {report.value!r}, and "
                f"the study has {_stored_value(trial)!r} after {max(trial.reports)}. Another version of FxAI or torch, "
                f"or another kind of device, computes other numbers"
            )
        return ""

    def _wrote(self, number: int) -> None:
        del self.missing[number]
        self.result.written.append(number)


def _stored_value(trial: TrialRecord) -> float:
    """The value of the last report."""
    return trial.reports[max(trial.reports)]


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def explained(not_written: Mapping[int, str]) -> Iterator[str]:
    """A sentence for each trial whose returns were not written."""
    for number, reason in not_written.items():
        yield f"trial {number} has no returns on each bar: {reason}"
