import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState, create_trial

from fxai.results.importances.importance import importances
from fxai.results.importances.importance_tests import FEWEST_TRIALS, importance_tests
from fxai.results.importances.interval import Importances
from fxai.results.importances.ranked import ranked

Direction = Literal["maximize", "minimize"]
RANGES: dict[str, optuna.distributions.BaseDistribution] = {
    name: optuna.distributions.FloatDistribution(0, 1) for name in ("x", "y", "z")
}


def study_of(trials: Iterator[optuna.trial.FrozenTrial], direction: Direction) -> optuna.Study:
    study = optuna.create_study(direction=direction)
    study.add_trials(list(trials))
    return study


def ended(value: float) -> optuna.trial.FrozenTrial:
    return create_trial(value=value, params={"x": 0.5}, distributions={"x": RANGES["x"]})


def pruned(reports: dict[int, float]) -> optuna.trial.FrozenTrial:
    return create_trial(
        state=TrialState.PRUNED,
        params={"x": 0.5},
        distributions={"x": RANGES["x"]},
        intermediate_values=reports,
    )


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_pruned_trials_follow_the_completed_ones_by_step_and_report(direction: Direction):
    sign = 1.0 if direction == "maximize" else -1.0
    trials = [
        pruned({5: sign * 9.0}),
        ended(sign * 1.0),
        pruned({5: sign * 1.0, 10: sign * 2.0, 15: math.nan}),
        ended(sign * 3.0),
        pruned({10: sign * 4.0}),
        ended(sign * 1.0),
        ended(-sign * math.inf),
        pruned({}),
        create_trial(state=TrialState.FAIL),
    ]
    found = {trial.number: trial.value for trial in ranked(study_of(iter(trials), direction)).get_trials()}
    assert {number: -sign * (value or 0.0) for number, value in found.items()} == {
        3: 0, 1: 1, 5: 1, 6: 2, 4: 3, 2: 4, 0: 5,
    }  # fmt: skip


def searched(seed: int) -> Iterator[optuna.trial.FrozenTrial]:
    """Fifty trials that follow `x`, a little of `z` and noise; the worse half at step 1 is pruned there."""
    chance = np.random.default_rng(seed)
    points = chance.uniform(size=(50, 3))
    early = 3 * points[:, 0] + chance.normal(size=50)
    for point, report in zip(points, early, strict=True):
        goes_on = bool(report > np.median(early))
        yield create_trial(
            state=TrialState.COMPLETE if goes_on else TrialState.PRUNED,
            value=float(3 * point[0] + chance.normal()) if goes_on else None,
            params=dict(zip(RANGES, point.tolist(), strict=True)),
            distributions=RANGES,
            intermediate_values={1: float(report)},
        )


def test_with_pruned_trials_what_matters_is_found_and_what_does_not_is_not():
    standing = [importance_tests(study_of(searched(seed), "maximize")) for seed in range(12)]
    assert all(each.keys() == RANGES.keys() for each in standing)  # 25 completed trials would be too few
    assert sum(each["x"].stands_out for each in standing) >= 10
    assert sum(each[name].stands_out for each in standing for name in "yz") <= 4  # of 24, at 5 % by chance


def test_the_trials_behind_importances_are_counted_by_state():
    found = Importances.of(study_of(searched(0), "maximize"))
    assert (found.completed, found.pruned) == (25, 25)
    assert found.parameters[0].name == "x"
    assert all(each.low is not None for each in found.parameters)


def test_only_pruned_trials_have_no_importances():
    trials = (each for each in searched(1) if each.state is TrialState.PRUNED)
    assert importances(study_of(trials, "maximize")) == {}


def test_too_few_trials_call_no_parameter_unimportant():
    trials = list(searched(2))[: FEWEST_TRIALS - 1]
    assert importance_tests(study_of(iter(trials), "maximize")) == {}


def test_the_best_trials_must_have_completed_to_call_others_unimportant():
    trials = list(searched(3))
    kept = [each for each in trials if each.state is TrialState.PRUNED]
    completed = [each for each in trials if each.state is TrialState.COMPLETE]
    assert importance_tests(study_of(iter(kept + completed[:16]), "maximize")) == {}  # 16 of 41
    assert importance_tests(study_of(iter(kept + completed[:17]), "maximize"))
