"""Folds and a confirmation over them, from Python."""

from pathlib import Path
from typing import Any

import pytest

from api.conftest import TINY, TINY_ENV, TINY_MODEL
from api.valley import Valley
from fxai import HPOptimizer, StudyResults
from fxai.errors import SpecError
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.spec.reading.load import load_spec

FOLDS = {"walk_forward": {"folds": 3}}


def optimize(folder: Path, engine: Any = None, **changed: Any) -> StudyResults:
    optimizer = HPOptimizer(engine, storage=f"sqlite:///{folder / 's.db'}", results_dir=folder, plots=False)
    call: dict[str, Any] = {
        "model_config": TINY_MODEL,
        "training_config": TINY,
        "env_config": TINY_ENV,
        "param_space": {"learning_rate": {"type": "loguniform", "low": 1e-4, "high": 1e-2}},
        "num_trials": 1,
        "n_jobs": 1,
        "study_name": "folded",
        "verdict": False,
    }
    return optimizer.optimize(**{**call, **changed})


def test_trials_are_scored_in_folds(tmp_path: Path) -> None:
    results = optimize(tmp_path, validation=FOLDS, confirm={"candidates": 2, "seeds": 2, "budget": 9.0}, num_trials=2)
    assert read_bar_returns(results.paths.trial(0).returns).folds == (2, 0, 1)
    assert load_spec(results.paths.spec).studies[0].folds == 3
    confirmed = results.summary.confirmed
    assert confirmed is not None
    assert len(confirmed.seeds) == 2


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"walk_forward": {"fold": 3}}, "validation.walk_forward.fold: unknown key; did you mean 'folds'?"),
        ({"walk": 3}, "validation.walk: unknown key"),
        (5, "validation"),
        ({"episodes": 3, "walk_forward": {}}, "exclude each other"),
    ],
)
def test_a_wrong_argument_is_named(validation: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refused:
        optimize(tmp_path, validation=validation)
    assert message in str(refused.value)


def test_folds_of_an_engine_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="validation"):
        optimize(tmp_path, Valley(), validation=FOLDS, model_config={}, training_config={}, env_config={})
