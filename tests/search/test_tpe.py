"""What TPE keeps from proposal to proposal equals what Optuna computes anew."""

from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_weights
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from fxai.search.tpe_density import LEAST_TRIALS, ManyTrialsEstimator, Normalizations
from fxai.search.tpe_history import Space, TpeHistory

PARAMETERS = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)
MIXED: Space = {
    "rate": FloatDistribution(1e-5, 1e-1, log=True),
    "layers": IntDistribution(1, 9, step=2),
    "width": IntDistribution(8, 512, log=True),
    "share": FloatDistribution(0.0, 1.0),
    "kind": CategoricalDistribution(("a", "b", "c")),
    "size": FloatDistribution(0.0, 1.0, step=0.1),
}
MANY: Space = {f"x{k}": FloatDistribution(-1.0, 1.0 + k) for k in range(11)}


def draw(rng: np.random.Generator, distribution: BaseDistribution) -> Any:
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[rng.integers(len(choices))]
        case IntDistribution(low=low, high=high, step=step):
            return int(low + step * rng.integers((high - low) // step + 1))
        case FloatDistribution(low=low, high=high, step=step) if step is not None:
            return float(low + step * rng.integers(round((high - low) / step) + 1))
        case FloatDistribution(low=low, high=high):
            return float(rng.uniform(low, high))
    raise TypeError(distribution)


def finished(rng: np.random.Generator, number: int, space: Space) -> FrozenTrial:
    kind = rng.integers(10)
    reports = {int(step): float(rng.normal()) for step in range(rng.integers(3))}
    trial = create_trial(
        state=TrialState.FAIL if kind == 0 else TrialState.PRUNED if kind < 4 else TrialState.COMPLETE,
        value=None if kind < 4 else float(np.round(rng.normal(), 1)),  # with ties
        params={name: draw(rng, each) for name, each in space.items()},
        distributions=space,
        intermediate_values=reports,
        system_attrs={"constraints": [1.0 if kind == 5 else 0.0]},
    )
    trial.number = number
    return trial


def running(rng: np.random.Generator, number: int, space: Space) -> FrozenTrial:
    trial = finished(rng, number, space)
    trial.state, trial.values = TrialState.RUNNING, None
    return trial


@pytest.mark.parametrize("direction", list(StudyDirection)[1:])
def test_trials_are_split_as_by_optuna(direction: StudyDirection) -> None:
    rng, history = np.random.default_rng(0), TpeHistory(direction)
    study = optuna.create_study(direction=direction)
    trials: list[FrozenTrial] = []
    for step in range(120):
        for place in [place for place, each in enumerate(trials) if not each.state.is_finished()]:
            if rng.random() < 0.3:
                trials[place] = finished(rng, place, MIXED)
        trials.append(running(rng, step, MIXED))
        history.update(list(trials), lambda trial: trial.params)
        below, above = history.split(default_gamma, without=step, running=True)
        others = [each for each in trials if each.number != step and each.state is not TrialState.FAIL]
        ended = sum(each.state is not TrialState.RUNNING for each in others)
        expected = _split_trials(study, others, default_gamma(ended))
        assert [list(below), list(above)] == [[each.number for each in part] for part in expected]


@pytest.mark.parametrize("space", [MIXED, MANY])
def test_the_density_of_many_trials_is_that_of_optuna(space: Space) -> None:
    rng, kept = np.random.default_rng(1), dict[str, Normalizations]()
    trials = [finished(rng, number, space) for number in range(LEAST_TRIALS + 20)]
    history = TpeHistory(StudyDirection.MINIMIZE)
    history.update(trials, lambda trial: trial.params)
    rows = history.rows(space, lambda trial: trial.params)
    for count in (LEAST_TRIALS, LEAST_TRIALS + 20):
        places = np.arange(count)[rng.random(count) < 1 - 1 / count]
        observations = {name: rows.values[places, column] for column, name in enumerate(space)}
        optunas = _ParzenEstimator(observations, space, PARAMETERS)
        samples = optunas.sample(np.random.RandomState(count), 24)
        ours = ManyTrialsEstimator(rows, places, PARAMETERS, kept).log_pdf(samples)
        assert ours.tolist() == optunas.log_pdf(samples).tolist()


def test_the_common_space_has_the_parameters_of_all_finished_trials() -> None:
    rng, history = np.random.default_rng(2), TpeHistory(StudyDirection.MINIMIZE)
    smaller: Space = {
        **{name: each for name, each in MIXED.items() if name != "size"},
        "share": FloatDistribution(0, 2),
    }
    trials = [finished(rng, number, space) for number, space in enumerate([MIXED] * 9 + [smaller] * 9)]
    history.update(trials, lambda trial: trial.params)
    assert history.common_space is not None
    assert history.common_space.keys() == MIXED.keys() - {"size", "share"}
