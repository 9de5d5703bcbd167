"""Trains random configurations of `quick_search` on one market, and keeps what each seed earned on each later bar.

Used by `objectives.py`. All bars after the train split are one scored span, so one training gives the returns on the
validation bars and on the test bars after them.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.samplers import RandomSampler

from fxai.market.markets.dataset import prepare
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.pool import LocalPool, machine_slots
from fxai.protocol import LanePlan, ParamValue, TrialPaths, TrialRequest
from fxai.protocol.records import NO_STUDY
from fxai.search.space import suggest
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.configure import config_values, default_params
from fxai.spec.search.embargo import config_with_embargo
from fxai.spec.search.study import StudySpec
from fxai.study.trial_requests import TrialRequests
from quick_search_check import OBJECTIVE, SPEC, train_all

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SplitMarket:
    """Bars of one search. The splits are fractions of the bars; the test split is the rest."""

    name: str
    source: str
    train: float = 0.6
    validation: float = 0.2


@dataclass(frozen=True, slots=True)
class Trainings:
    """What the agents of all trials earned. Trial 0 is the default configuration."""

    rewards: Array  # on the validation bars, [trial, seed, bar]
    validation: Array  # simple returns after costs, [trial, seed, bar]
    test: Array  # the same on the test bars, [trial, seed, bar]
    bars_per_year: float

    def write(self, path: Path) -> None:
        year = np.array(self.bars_per_year)
        np.savez(path, rewards=self.rewards, validation=self.validation, test=self.test, bars_per_year=year)

    @classmethod
    def read(cls, path: Path) -> "Trainings":
        """Inverse of `write`."""
        with np.load(path) as kept:
            return cls(kept["rewards"], kept["validation"], kept["test"], float(kept["bars_per_year"]))


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is trained on one market."""

    trials: int
    seeds: int  # of each trial
    jobs: int  # workers; -1: all cores
    settings: Mapping[str, str]  # of the spec


def train(market: SplitMarket, effort: Effort, seed: int) -> Trainings:
    """Train each configuration from each seed, to its end, and score it on all bars after the train split."""
    study = _study(market, effort.settings)
    config = study.training_config
    assert isinstance(config, TrainingConfig)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = LanePlan(OBJECTIVE, config.model_dump(mode="json"), effort.seeds)
        with LocalPool(machine_slots(effort.jobs).slots, folder / "logs", plan) as workers:
            train_all(workers, _requests(study, effort, seed, folder))
        for number in range(effort.trials):
            found = read_bar_returns(TrialPaths.of(folder, number).returns)
            assert found.rewards is not None
            rows.append(np.stack([found.rewards, found.returns]).astype(np.float64))
    return _cut(np.stack(rows, axis=1), market, config.data)


def _cut(rows: Array, market: SplitMarket, scored: DataConfig) -> Trainings:
    """Cut rewards and returns [2, trial, seed, bar] into those of the validation split and of the test split."""
    whole = scored.split.model_copy(update={"validation": market.validation})
    prepared = prepare(scored.model_copy(update={"split": whole}))
    splits = prepared.splits
    steps = len(splits.validation) - 1
    rewards, returns = rows
    test = returns[..., splits.test.start - splits.validation.start :]
    return Trainings(rewards[..., :steps], returns[..., :steps], test, prepared.bars_per_year)


def _study(market: SplitMarket, settings: Mapping[str, str]) -> StudySpec:
    split = {"data.split.train": str(market.train), "data.split.validation": "null"}
    written = {**settings, "metric_name": "mean_reward", "data.source": market.source, **split}  # keeps rewards
    (study,) = override(load_spec(SPEC), written).studies
    assert isinstance(study.training_config, TrainingConfig)
    config = config_with_embargo(study.training_config)
    once = config.training.model_copy(update={"eval_frequency": config.training.total_updates})
    return study.model_copy(update={"training_config": config.model_copy(update={"training": once})})


def _requests(study: StudySpec, effort: Effort, seed: int, folder: Path) -> Iterator[TrialRequest]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    drawn = optuna.create_study(sampler=RandomSampler(seed=seed))
    requests = TrialRequests(study, NO_STUDY)
    for number in range(effort.trials):
        params: Mapping[str, ParamValue] = default_params(study)
        if number:
            params = suggest(drawn.ask(), study.parameters, config_values(study))
        first = 1_000_003 * (seed + 1) + 1_009 * number
        seeds = tuple(range(first, first + effort.seeds))
        yield requests.of(number, params, seeds, TrialPaths.of(folder, number).directory)
