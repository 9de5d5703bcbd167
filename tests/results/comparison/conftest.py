"""Studies in two databases, to be put side by side."""

import math
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import create_trial

from fxai.protocol import STANDARD_ERROR
from fxai.results.comparison.reference import StudyReference
from fxai.search import attributes
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter
from fxai.spec.search.study import StudySpec

BEGIN = datetime(2026, 3, 2, 9, 0, 0)  # noqa: DTZ001 (Optuna's times are naive)


class Kept(NamedTuple):
    """References to the studies."""

    wide: StudyReference  # 40 trials, of two parameters
    near: StudyReference  # 12 in a smaller range under another name of the field, in another database
    loss: StudyReference  # Optuna's own, of another metric


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("compared")
    one, other = (f"sqlite:///{folder / name}" for name in ("one.db", "other.db"))
    width = CategoricalParameter(name="model.d_model", choices=(16, 32, 64))
    rate = FloatParameter(name="training.learning_rate", low=1e-4, high=1e-2, log=True)
    wide = StudySpec(study_name="wide", parameters=(rate, width), seeds_per_trial=4)
    lr = FloatParameter(name="lr", path="training.learning_rate", low=1e-3, high=1e-2, log=True)
    near = StudySpec(study_name="near", parameters=(lr,), training_config={"env": {"max_episode_steps": 64}})
    return Kept(
        _stored(one, wide, 40, {"training.learning_rate": (1e-4, 1e-2), "model.d_model": (16, 32, 64)}),
        _stored(other, near, 12, {"lr": (1e-3, 1e-2)}),
        _own(other),
    )


def _stored(url: str, spec: StudySpec, count: int, ranges: Mapping[str, tuple[float, ...]]) -> StudyReference:
    """A study whose values have their peak at a learning rate of 0.003."""
    study = optuna.create_study(study_name=spec.study_name, storage=url, direction="maximize")
    study.set_metric_names([spec.metric_name])
    study.set_user_attr(attributes.FINGERPRINT, fingerprint(spec))
    chance = random.Random(7)  # noqa: S311 (a reproducible study, no secret)
    spaces: dict[str, BaseDistribution] = {
        name: FloatDistribution(*each, log=True) if len(each) == 2 else CategoricalDistribution(each)
        for name, each in ranges.items()
    }
    for number in range(count):
        params = {
            name: chance.choice(each) if len(each) > 2 else math.exp(chance.uniform(*map(math.log, each)))
            for name, each in ranges.items()
        }
        rate = next(iter(params.values()))
        told = {"sharpe": -rate, **({STANDARD_ERROR: 0.01} if spec.seeds_per_trial > 1 else {})}
        trial = create_trial(value=-abs(math.log10(rate / 3e-3)), params=params, distributions=spaces, user_attrs=told)
        trial.datetime_start = BEGIN + timedelta(seconds=10 * number)
        trial.datetime_complete = trial.datetime_start + timedelta(seconds=10)
        study.add_trial(trial)
    return StudyReference(url, spec.study_name)


def _own(url: str) -> StudyReference:
    study = optuna.create_study(study_name="loss", storage=url, direction="minimize")
    space: dict[str, Any] = {"x": FloatDistribution(0, 1)}
    study.add_trials(create_trial(value=x, params={"x": x}, distributions=space) for x in (0.5, 0.2))
    return StudyReference(url, "loss")
