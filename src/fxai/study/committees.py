"""Trains the committees of a verdict: the winner's and the default's, on equal fresh seeds. In the parent process."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from fxai.errors import FxaiError, InputError
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.formatting import counted
from fxai.llm.signal_agent import has_signal_agent
from fxai.pool import WorkerPool
from fxai.protocol import ParamValue, StudyIdentity, TrialPaths
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.seeds import verdict_seed
from fxai.spec.checks.study_parts import parts_of
from fxai.spec.checks.winner_checks import no_training_again, no_verdict
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.study import StudySpec
from fxai.study.events import FreshTrainingsProgressed, StudyEvent
from fxai.study.fresh_trainer import FreshTrainer
from fxai.study.neighbours import neighbourhood_of, neighbours_of
from fxai.study.stop_signal import StopSignal
from fxai.study.trial_requests import TrialRequests

DEFAULT_TRIAL = 0


@dataclass(frozen=True, slots=True)
class JudgedStudy:
    """A study whose winner can be judged."""

    spec: StudySpec
    identity: StudyIdentity
    winner: int
    params: Mapping[int, Mapping[str, ParamValue]]  # of the winner and of the default


def judged_study(spec: StudySpec, record: StudyRecord, identity: StudyIdentity, *, on_test_split: bool) -> JudgedStudy:
    """Check that a study's winner can be judged, on the test split of its data or on other data.

    Raises:
        InputError: The study has custom code, several objectives or a population, no trial has completed, or there is
            no test split.
    """
    name, parts = spec.study_name, parts_of(spec)
    if reason := next(no_training_again(parts), None):
        raise InputError(f"{name}: a verdict {reason}")
    config = spec.training_config
    if not on_test_split and isinstance(config, TrainingConfig) and config.data.has_instruments:
        raise InputError(
            f"{name}: a verdict on other data judges agents of one instrument; leave out --data for the test split of "
            "all instruments"
        )
    if on_test_split and (reason := next(no_verdict(parts), None)):
        raise InputError(f"{name}: a verdict {reason}; name other data with --data")
    if record.best is None or record.first is None:
        raise InputError(f"{name}: no trial has completed, so there is no trial to judge")
    params = {DEFAULT_TRIAL: record.first.params, record.best.number: record.best.params}
    return JudgedStudy(spec, identity, record.best.number, params)


class Committees:
    """The committees of one study. Trainings that have ended are not repeated."""

    def __init__(self, study: JudgedStudy, paths: StudyPaths, seeds: int, neighbours: int = 0) -> None:
        """Make the trainings of a verdict; `neighbours` of them are of configurations around the winner."""
        self.study = study
        self.seeds = tuple(verdict_seed(study.spec.seed, index) for index in range(seeds))
        self.neighbours = neighbours_of(study.spec, study.winner, study.params[study.winner], self.seeds, neighbours)
        self._has_neighbourhood = neighbours > 0
        self._params = {**study.params, **self.neighbours.params}
        requests = TrialRequests(study.spec, study.identity)
        self._trainer = FreshTrainer(
            requests,
            self._params.__getitem__,
            paths.verdict_trainings,
            study.identity,
            neighbours_of=self.neighbours.near,
            train_returns=study.spec.folds > 1,
        )

    @property
    def trials(self) -> str:
        """The trials of the committees, as text."""
        return " and ".join(f"trial {number}" for number in self.study.params)

    @property
    def missing(self) -> Sequence[tuple[int, int]]:
        """Trial and seed of the trainings that have left no agent that can be read."""
        return [
            (trial, seed)
            for seed in self.seeds
            for trial in self.study.params
            if not _has_agent(self._trainer.paths_of((trial, seed)))
        ]

    @property
    def remaining(self) -> Sequence[tuple[int, int]]:
        """The missing trainings, and those of the neighbours that have not ended."""
        return [*self.missing, *(each for each in self.neighbours.trainings if each not in self._trainer.values)]

    @property
    def remaining_text(self) -> str:
        """What remains, for a message: `16 agents of trial 0 and trial 12, and 8 near trial 12`."""
        missing, near = len(self.missing), len(self.remaining) - len(self.missing)
        of_neighbours = f"near trial {self.study.winner}"
        if not missing:
            return f"{counted(near, 'agent')} {of_neighbours}"
        text = f"{counted(missing, 'agent')} of {self.trials}"
        return f"{text}, and {near} {of_neighbours}" if near else text

    def train(self, workers: WorkerPool, stop: StopSignal) -> Iterator[StudyEvent]:
        """Train what remains. A neighbour whose training fails is left out of the neighbourhood.

        Raises:
            FxaiError: A training of a committee failed.
        """
        remaining = self.remaining
        total = len(self.study.params) * len(self.seeds) + len(self.neighbours.trainings)
        begun = FreshTrainingsProgressed("Verdict", total - len(remaining), total)
        yield from self._trainer.train(remaining, workers, stop, begun)
        if self.missing and not stop.urgency:
            trial, seed = self.missing[0]
            raise FxaiError(f"trial {trial} could not be trained on the fresh seed {seed}, so there is no verdict")

    def agents_of(self, trial: int) -> Sequence[Path]:
        """The agents of a trial's committee, in the order of the seeds: files, or folders of adapters."""
        is_signal = self.study.spec.objective == LLM_SIGNAL
        return [files.checkpoint_dir if is_signal else files.agent for files in self.files_of(trial)]

    def files_of(self, trial: int) -> Sequence[TrialPaths]:
        """The files of the trainings of a trial's committee, in the order of the seeds."""
        return [self._trainer.paths_of((trial, seed)) for seed in self.seeds]

    def neighbourhood(self) -> Neighbourhood | None:
        """The winner's value beside those of its neighbours; None if a verdict without it was asked for.

        Raises:
            InputError: It is not known; the message is the reason.
        """
        if not self._has_neighbourhood:
            return None
        params = self.study.params[self.study.winner]
        return neighbourhood_of(self.neighbours, self.study.spec, params, self._trainer, self.seeds)


def _has_agent(files: TrialPaths) -> bool:
    """Whether a training has left an agent that can be read."""
    return _is_readable(files.agent) or has_signal_agent(files.checkpoint_dir)


def _is_readable(agent: Path) -> bool:
    """Whether a file is a whole safetensors file; read without torch."""
    try:
        with safe_open(agent, framework="numpy") as file:
            return file.metadata() is not None
    except (OSError, SafetensorError):
        return False
