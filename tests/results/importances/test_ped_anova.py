"""Our PED-ANOVA against Optuna's."""

from typing import Literal

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial, create_trial

from fxai.results.importances.ped_anova import PedAnova
from fxai.results.study_subset import StudySubset

SPACE: dict[str, BaseDistribution] = {
    "float": FloatDistribution(-2, 3),
    "float_log": FloatDistribution(1e-5, 1e-2, log=True),
    "float_step": FloatDistribution(0.0, 1.0, step=0.25),
    "int": IntDistribution(1, 7),
    "int_log": IntDistribution(1, 300, log=True),
    "int_wide": IntDistribution(0, 1000),
    "choice": CategoricalDistribution(("a", "b", "c")),
    "single": FloatDistribution(0.5, 0.5),
}


def _drawn(kind: BaseDistribution, dice: np.random.Generator) -> object:
    match kind:
        case CategoricalDistribution():
            return kind.choices[dice.integers(len(kind.choices))]
        case IntDistribution():
            return int(dice.integers(kind.low, kind.high, endpoint=True))
        case FloatDistribution(step=None):
            return float(dice.uniform(kind.low, kind.high))
        case FloatDistribution():
            return kind.low + (kind.step or 0.0) * int(dice.integers(5))
    raise AssertionError(kind)


def _trial(dice: np.random.Generator) -> FrozenTrial:
    space = dict(SPACE)
    if dice.random() < 0.5:
        space["conditional"] = FloatDistribution(0, 1)
    if dice.random() < 0.3:
        space["int"] = IntDistribution(1, 20)  # two distributions of one parameter
    params = {name: _drawn(kind, dice) for name, kind in space.items()}
    value = float(params["float"]) + dice.normal(0, 0.5)  # type: ignore[arg-type]
    return create_trial(value=round(value, 1), params=params, distributions=space)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize(("count", "best_share"), [(12, 0.1), (40, 0.4), (150, 0.1)])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_importances_are_those_of_optuna(
    count: int, best_share: float, direction: Literal["minimize", "maximize"]
) -> None:
    dice = np.random.default_rng(count)
    study = optuna.create_study(direction=direction)
    study.add_trials([_trial(dice) for _ in range(count)])
    trials = study.get_trials(deepcopy=False)
    names = [*SPACE, "conditional"]
    losses = np.array([trial.value for trial in trials]) * (1 if direction == "minimize" else -1)
    evaluator = PedAnovaImportanceEvaluator(target_quantile=best_share)
    ours = PedAnova(trials, names)
    assert ours.importances(losses, best_share) == pytest.approx(evaluator.evaluate(study, params=names))
    rows = np.sort(dice.choice(count, count // 2, replace=False))
    half = StudySubset(study, [trials[row] for row in rows])
    assert ours.importances(losses, best_share, rows) == pytest.approx(evaluator.evaluate(half, params=names))


def test_the_most_important_parameter_is_first() -> None:
    dice = np.random.default_rng(1)
    trials = [_trial(dice) for _ in range(200)]
    losses = np.array([trial.value for trial in trials], dtype=float)
    assert next(iter(PedAnova(trials, list(SPACE)).importances(losses, 0.1))) == "float"
