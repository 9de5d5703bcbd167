import warnings

import optuna
import pytest
from optuna.trial import TrialState

from fxai.results.importances.importance import importances


def test_the_parameter_that_determines_the_value_is_first(study: optuna.Study):
    shares = importances(study)
    assert next(iter(shares)) == "training.learning_rate"
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_equal_values_have_no_importances(empty_study: optuna.Study):
    assert importances(empty_study) == {}
    for value in (1.0, 1.0):
        trial = empty_study.ask()
        trial.suggest_float("x", 0, 1)
        empty_study.tell(trial, value)
    assert importances(empty_study) == {}


def test_a_constant_parameter_has_no_importance(empty_study: optuna.Study):
    for value in (1.0, 2.0, 3.0):
        trial = empty_study.ask()
        trial.suggest_categorical("x", ["a"])
        empty_study.tell(trial, value)
    assert importances(empty_study) == {}


def test_conditional_parameters_take_part(empty_study: optuna.Study):
    for number in range(20):
        trial = empty_study.ask()
        if trial.suggest_categorical("model.type", ["mlp", "transformer"]) == "transformer":
            trial.suggest_int("model.n_heads", 1, 8)
        empty_study.tell(trial, float(number))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Optuna's doubts about few trials are no news to the user
        assert set(importances(empty_study)) == {"model.type", "model.n_heads"}


def test_failed_trials_do_not_count(empty_study: optuna.Study):
    for _ in range(3):
        trial = empty_study.ask()
        trial.suggest_float("x", 0, 1)
        empty_study.tell(trial, state=TrialState.FAIL)
    assert importances(empty_study) == {}
