"""A study on disk, run by the real loop, for the tests of the loop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import optuna

from fxai.pool import InlinePool, WorkerPool
from fxai.search.open_search import open_search
from fxai.spec.search.parameters import FloatParameter, Parameter
from fxai.spec.search.pruners import NopPruner, Pruner
from fxai.spec.search.samplers import RandomSampler, Sampler
from fxai.spec.search.study import StudySpec
from fxai.study.events import StudyEnded, StudyEvent
from fxai.study.loop import run_study
from fxai.study.stop_signal import StopSignal

X = FloatParameter(name="x", low=-4.0, high=4.0)
RANDOM = RandomSampler()
UNPRUNED = NopPruner()


def study(
    objective: str,
    *,
    n_trials: int = 8,
    parameters: tuple[Parameter, ...] = (X,),
    sampler: Sampler = RANDOM,
    pruner: Pruner = UNPRUNED,
    **further: Any,
) -> StudySpec:
    """A study of an objective of `study_objectives`; its parameters are not those of a trading agent."""
    return StudySpec(
        study_name="s",
        objective=f"study_objectives:{objective}",
        parameters=parameters,
        n_trials=n_trials,
        sampler=sampler,
        pruner=pruner,
        **further,
    )


class Place:
    """A folder with a study's database and its trials."""

    def __init__(self, folder: Path) -> None:
        self.trials = folder / "trials"
        self.logs = folder / "logs"
        self.url = f"sqlite:///{folder / 'studies.db'}"

    @contextmanager
    def running(self, spec: StudySpec, workers: WorkerPool, stop: StopSignal) -> Iterator[Iterator[StudyEvent]]:
        search = open_search(spec, self.url, fingerprint={"of": "this test"}, default_params={"x": 0.0})
        try:
            yield run_study(spec, search, workers, self.trials, stop)
        finally:
            workers.close()
            search.close()

    def run(self, spec: StudySpec, workers: WorkerPool | None = None) -> list[StudyEvent]:
        with self.running(spec, workers or InlinePool(), StopSignal()) as events:
            return list(events)

    def stored(self) -> list[optuna.trial.FrozenTrial]:
        return optuna.load_study(study_name="s", storage=self.url).trials


E = TypeVar("E")


def of_kind(events: list[StudyEvent], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def ended(events: list[StudyEvent]) -> StudyEnded:
    assert isinstance(events[-1], StudyEnded)
    return events[-1]
