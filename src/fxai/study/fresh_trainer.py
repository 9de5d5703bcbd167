"""Trains configurations of a study's trials on fresh seeds, in the parent process.

Each training has a folder of its own and is noted in a file when it has ended, so that a later run continues where an
interrupted one was.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fxai.pool import WorkerPool
from fxai.protocol import ParamValue, Report, StudyIdentity, TrialPaths, TrialRequest, TrialResult
from fxai.results.paths import fresh_paths
from fxai.search.seeds import lane_seeds
from fxai.spec.search.training_length import training_length
from fxai.study.events import FreshTrainingsProgressed, Heartbeat, Notice, StudyEvent
from fxai.study.fresh_trainings import TrainingKey, read_fresh_trainings
from fxai.study.stop_signal import StopSignal
from fxai.study.train_agents import train_agents
from fxai.study.trial_requests import TrialRequests

_SEEDS = 2**32  # the number of seeds


class FreshTrainer:
    """The trainings in one folder of a study."""

    def __init__(
        self,
        requests: TrialRequests,
        params_of: Callable[[int], Mapping[str, ParamValue]],
        folder: Path,
        identity: StudyIdentity,
        *,
        train_returns: bool = False,
        neighbours_of: Mapping[int, int] | None = None,
    ) -> None:
        """Read the trainings that have ended.

        Args:
            requests: Makes the requests of the study's trials.
            params_of: Parameters of a trial.
            folder: Folder of the trainings.
            identity: Of the study; trainings of another study are not used.
            train_returns: Whether agents in folds also leave their returns on the bars of their training.
            neighbours_of: The trial by the number of each configuration that is none of the study's trials but near
                one. Their agents are not kept.
        """
        self._requests, self._params_of, self._folder = requests, params_of, folder
        self._train_returns, self._neighbours_of = train_returns, neighbours_of or {}
        self._file = folder / "trainings.json"
        self._trainings = read_fresh_trainings(self._file, identity)

    @property
    def values(self) -> Mapping[TrainingKey, float]:
        """The value of each training that has ended; NaN if it failed."""
        return self._trainings.values

    def paths_of(self, training: TrainingKey) -> TrialPaths:
        """The files of a training."""
        return fresh_paths(self._folder, *training)

    def train(
        self, wanted: Sequence[TrainingKey], workers: WorkerPool, stop: StopSignal, begun: FreshTrainingsProgressed
    ) -> Iterator[StudyEvent]:
        """Train and note each value.

        Args:
            wanted: The trainings.
            workers: The workers.
            stop: Ends the trainings early.
            begun: The progress before these trainings.

        Raises:
            FxaiError: A training lost its worker too often, or the file cannot be written.
        """
        requests = [self._request(training) for training in wanted]
        shares = dict.fromkeys((request.number for request in requests), 0.0)
        steps = {each.number: training_length(each.objective, each.config).steps for each in requests}
        yield begun
        for event in train_agents([[request] for request in requests], workers, stop):
            match event:
                case Report(number=number, step=step):
                    shares[number] = min(step / steps[number], 1.0)
                    yield replace(begun, done=begun.done + sum(shares.values()))
                case TrialResult(number=number):
                    shares[number] = 1.0
                    self._note(_training_of(number), event)
                    yield from self._failure(_training_of(number), event)
                    yield replace(begun, done=begun.done + sum(shares.values()))
                case Heartbeat(activity):
                    trials = [tuple(sorted({self._trial_of(number) for number in each.trials})) for each in activity]
                    yield Heartbeat([replace(each, trials=of) for each, of in zip(activity, trials, strict=True)])
                case Notice():
                    yield event

    def _request(self, training: TrainingKey) -> TrialRequest:
        trial, seed = training
        seeds = lane_seeds(seed, self._requests.folds)
        folder = self.paths_of(training).directory
        request = self._requests.of(_number(training), self._params_of(trial), seeds, folder)
        return replace(request, train_returns=self._train_returns)

    def _note(self, training: TrainingKey, result: TrialResult) -> None:
        value = float("nan") if result.value is None else result.value
        self._trainings = self._trainings.with_value(*training, value)
        self._trainings.write(self._file)
        paths = self.paths_of(training)
        paths.checkpoint.unlink(missing_ok=True)
        if training[0] in self._neighbours_of:
            paths.agent.unlink(missing_ok=True)
            shutil.rmtree(paths.checkpoint_dir, ignore_errors=True)

    def _trial_of(self, number: int) -> int:
        """The trial of a request, or the trial near its configuration."""
        trial, _ = _training_of(number)
        return self._neighbours_of.get(trial, trial)

    def _failure(self, training: TrainingKey, result: TrialResult) -> Iterator[Notice]:
        trial, seed = training
        near = self._neighbours_of.get(trial)
        name = f"Trial {trial}" if near is None else f"A configuration near trial {near}"
        if result.error is not None:
            yield Notice(f"{name} failed on the fresh seed {seed}: {result.error.message}", warns=True)


def _number(training: TrainingKey) -> int:
    """The number of a training's request: the same in each run, because a checkpoint is of one number."""
    trial, seed = training
    return trial * _SEEDS + seed


def _training_of(number: int) -> TrainingKey:
    """Inverse of `_number`."""
    trial, seed = divmod(number, _SEEDS)
    return trial, seed
