"""Plain Optuna with Stable-Baselines3: one process per core, each trial a training by Stable-Baselines3.

Random search does not use earlier trials, so the cheapest arrangement for Optuna is used: each process runs `optimize`
on its own study in memory, and the trials are merged at the end. On a shared SQLite file every suggested parameter
would wait for a transaction.
"""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Self

import optuna
import torch

from fxai.market.markets.dataset import prepare
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec
from sb3_vectorised import sb3_training

_START_SECONDS = 300.0
_BEGAN, _ENDED = "began", "ended"
_start_together: Barrier  # one for all processes, set when each starts


@dataclass(frozen=True, slots=True)
class Span:
    """When a training began and ended, by `time.monotonic`."""

    began: float
    ended: float


class OptunaProcesses:
    """Processes that wait with everything imported, so that no measurement holds their start."""

    def __init__(self, count: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._count = count
        self._pool = ProcessPoolExecutor(count, spawn, initializer=_prepare, initargs=(spawn.Barrier(count),))

    def trainings(self, study: StudySpec, each: int) -> Sequence[Span]:
        """Random search in the study's space, `each` trials in each process."""
        shares = [self._pool.submit(_search, study.model_dump(), each, seed) for seed in range(self._count)]
        whole = optuna.create_study(direction=study.direction)
        whole.add_trials([trial for share in shares for trial in share.result()])
        return [Span(trial.user_attrs[_BEGAN], trial.user_attrs[_ENDED]) for trial in whole.trials]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def _prepare(barrier: Barrier) -> None:
    global _start_together  # noqa: PLW0603 - a process of the pool keeps it from its start on
    _start_together = barrier
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _search(dumped: dict[str, object], trials: int, seed: int) -> list[optuna.trial.FrozenTrial]:
    """One process's share. A first short training, which loads what is loaded late, is left out of it."""
    spec = StudySpec.model_validate(dumped)
    base = spec.training_config
    assert isinstance(base, TrainingConfig)
    market = prepare(base.data)

    def objective(trial: optuna.Trial) -> float:
        trial.set_user_attr(_BEGAN, time.monotonic())
        params = {}
        for each in spec.parameters:
            assert isinstance(each, FloatParameter)
            params[each.name] = trial.suggest_float(each.name, each.low, each.high, log=each.log)
        value = sb3_training(configure(base, params), base.env, market, seed=1000 * seed + trial.number)
        trial.set_user_attr(_ENDED, time.monotonic())
        return value

    short = base.training.model_copy(update={"total_updates": 1, "eval_frequency": 1})
    sb3_training(base.model_copy(update={"training": short}), base.env, market, seed)
    study = optuna.create_study(direction=spec.direction, sampler=optuna.samplers.RandomSampler(seed))
    _start_together.wait(_START_SECONDS)
    study.optimize(objective, n_trials=trials)
    return study.trials
