"""Real Optuna studies, made of finished trials."""

import math
import random
from datetime import datetime, timedelta

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from fxai.search import attributes
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from fxai.spec.search.study import StudySpec

SPACE = {
    "training.learning_rate": FloatDistribution(1e-5, 1e-3, log=True),
    "training.n_epochs": IntDistribution(4, 16),
    "training.batch_size": CategoricalDistribution((32, 64, 128)),
    "env.reward.profit_giveback_penalty_coefficient": FloatDistribution(0.5, 5.0),
}
BEGIN = datetime(2026, 3, 2, 9, 0, 0)  # noqa: DTZ001 (Optuna's times are naive)


def drawn_trial(number: int, state: TrialState = TrialState.COMPLETE, value: float | None = None) -> FrozenTrial:
    """A trial whose value depends on its learning rate, reported in five steps."""
    rng = random.Random(number)  # noqa: S311 (a reproducible study, no secret)
    rate = 10 ** rng.uniform(-5, -3)
    params = {
        "training.learning_rate": rate,
        "training.n_epochs": rng.randint(4, 16),
        "training.batch_size": rng.choice((32, 64, 128)),
        "env.reward.profit_giveback_penalty_coefficient": rng.uniform(0.5, 5.0),
    }
    score = 1 - abs(math.log10(rate) + 3.7) + rng.gauss(0, 0.05) if value is None else value
    started = BEGIN + timedelta(seconds=10 * number)
    finished = state.is_finished()
    trial = create_trial(
        state=state,
        value=score if state is TrialState.COMPLETE else None,
        params=params,
        distributions=SPACE,
        user_attrs={"sharpe": 2 * score, attributes.SECONDS: 7.5, attributes.SEED: 1000 + number} if finished else {},
        intermediate_values={step: score * step / 50 for step in range(10, 60, 10)},
    )
    trial.datetime_start = started
    trial.datetime_complete = started + timedelta(seconds=8) if finished else None
    if state is TrialState.FAIL:
        trial.user_attrs = {attributes.CAUSE: "out of memory", attributes.MESSAGE: "the GPU has no memory left"}
    return trial


@pytest.fixture
def empty_study() -> optuna.Study:
    return optuna.create_study(study_name="fx_ai_quick", direction="maximize")


@pytest.fixture
def study(empty_study: optuna.Study) -> optuna.Study:
    """20 completed trials, 3 pruned, 2 failed, one running."""
    states = [TrialState.COMPLETE] * 20 + [TrialState.PRUNED] * 3 + [TrialState.FAIL] * 2 + [TrialState.RUNNING]
    empty_study.add_trials([drawn_trial(number, state) for number, state in enumerate(states)])
    return empty_study


@pytest.fixture
def spec() -> StudySpec:
    return StudySpec(
        study_name="fx_ai_quick",
        seed=11,
        n_trials=26,
        parameters=(
            FloatParameter(name="training.learning_rate", low=1e-5, high=1e-3, log=True),
            IntParameter(name="training.n_epochs", low=4, high=16),
            CategoricalParameter(name="training.batch_size", choices=(32, 64, 128)),
            FloatParameter(name="env.reward.profit_giveback_penalty_coefficient", low=0.5, high=5.0),
        ),
    )
