"""The gain of the best trial over trial 0, and its error on the same bars."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fxai.evaluation.whole_error import estimate, estimate_difference
from fxai.market.bar_returns import BarReturns
from fxai.market.metrics import sharpe
from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.gain import over_trial_0
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.same_bars import error_of_mean
from fxai.search.stored_trial import StoredState

BARS, SEEDS, BARS_PER_YEAR = 400, 4, 6240.0
MARKET = np.random.default_rng(0).normal(0, 1e-3, BARS)  # what the market does to both trials


@pytest.fixture
def paths(tmp_path: Path) -> StudyPaths:
    return StudyPaths(tmp_path, "s")


def returns_of(number: int) -> np.ndarray:
    """Returns of a trial's seeds, [seed, bar]: the market's, a constant gain, and noise of each seed."""
    rng = np.random.default_rng(number + 1)
    return (MARKET + 1e-4 * number + rng.normal(0, 1e-4, (SEEDS, BARS))).astype(np.float32)


def value_of(metric: str, returns: np.ndarray) -> float:
    exact = returns.astype(np.float64)
    if metric == "sharpe":
        return float(np.mean([sharpe(row, BARS_PER_YEAR) for row in exact]))
    return float(exact.mean()) * (-1 if metric == "val_loss" else 1)


def trial(number: int, metric: str, paths: StudyPaths, *, rewards: bool = True) -> TrialRecord:
    """A trial that left its returns, whose rewards are the returns."""
    returns = returns_of(number)
    folder = paths.trial(number).directory
    folder.mkdir(parents=True)
    BarReturns(50, tuple(range(SEEDS)), returns, returns if rewards else None).write(paths.trial(number).returns)
    errors = {STANDARD_ERROR: 5.0, SEED_ERROR: 3.0, MARKET_ERROR: 4.0}
    return TrialRecord(number, StoredState.COMPLETE, value_of(metric, returns), {}, errors)


def study(metric: str, *trials: TrialRecord, trading: bool = True) -> StudyRecord:
    direction = "minimize" if metric == "val_loss" else "maximize"
    return StudyRecord("s", direction, metric, trials, trials[-1], trading=trading)


@pytest.mark.parametrize("metric", ["mean_reward", "val_loss"])
def test_what_the_market_does_to_both_trials_is_not_in_the_error(metric: str, paths: StudyPaths) -> None:
    trials = [trial(number, metric, paths) for number in range(2)]
    found = over_trial_0(study(metric, *trials), paths)
    assert found is not None
    first, best = (returns_of(number).astype(np.float64) for number in range(2))
    assert found.amount == pytest.approx(best.mean() - first.mean())
    assert found.standard_error == pytest.approx(estimate_difference(best, first).error.total)
    alone = estimate(best).error.total
    assert found.standard_error is not None
    assert alone is not None
    assert found.standard_error < alone / 3
    assert "bar by bar" in found.error_note


def test_the_error_of_an_annualized_metric_has_the_unit_of_the_values(paths: StudyPaths) -> None:
    trials = [trial(number, "sharpe", paths, rewards=False) for number in range(2)]
    found = over_trial_0(study("sharpe", *trials), paths)

    def annual_sharpe(bars: np.ndarray) -> np.ndarray:
        ratio: np.ndarray = bars.mean(axis=-1) / bars.std(axis=-1, ddof=1) * np.sqrt(BARS_PER_YEAR)
        return ratio

    first, best = (returns_of(number).astype(np.float64) for number in range(2))
    bootstrapped = estimate_difference(best, first, annual_sharpe).error.total
    assert found is not None
    assert found.standard_error == pytest.approx(bootstrapped, rel=0.15)


@pytest.mark.parametrize("missing", ["file", "rewards", "value", "metric", "folds"])
def test_without_the_returns_of_both_the_error_is_that_of_the_seeds(missing: str, paths: StudyPaths) -> None:
    metric = "win_rate" if missing == "metric" else "mean_reward"
    first, best = (trial(number, metric, paths, rewards=missing != "rewards") for number in range(2))
    if missing == "file":
        paths.trial(0).returns.unlink()
    if missing == "value":
        best = replace(best, value=2 * (best.value or 0.0))
    if missing == "folds":
        returns = returns_of(1)
        BarReturns(50, (1, 2, 3, 4), returns, returns, (0, 0, 1, 1)).write(paths.trial(1).returns)
    found = over_trial_0(study(metric, first, best), paths)
    assert found is not None
    assert found.standard_error == pytest.approx(3 * np.sqrt(2))
    assert "of the seeds alone" in found.error_note


@pytest.mark.parametrize("metric", ["mean_reward", "sharpe"])
def test_the_error_of_a_mean_holds_the_seeds_and_the_market(metric: str, paths: StudyPaths) -> None:
    values = [trial(number, metric, paths).value or 0.0 for number in range(2)]
    files = [paths.trial(number).returns for number in range(2)]
    found = error_of_mean(metric, files, values)
    assert found is not None
    assert None not in (found.seed, found.market, found.total)
    assert error_of_mean(metric, files, [values[0], 1.1 * values[1]]) is None
    if metric == "mean_reward":
        rows = np.concatenate([returns_of(number) for number in range(2)]).astype(np.float64)
        assert found.total == pytest.approx(estimate(rows).error.total)


def test_the_error_of_custom_code_is_that_of_both_values() -> None:
    first, best = (
        TrialRecord(number, StoredState.COMPLETE, float(number), {}, {STANDARD_ERROR: 3.0}) for number in range(2)
    )
    found = over_trial_0(study("loss", first, best, trading=False), None)
    assert found is not None
    assert (found.standard_error, found.error_note) == (pytest.approx(3 * np.sqrt(2)), "")


def test_the_error_of_one_seed_without_returns_is_not_known(paths: StudyPaths) -> None:
    errors = {STANDARD_ERROR: 4.0, MARKET_ERROR: 4.0}
    first, best = (TrialRecord(number, StoredState.COMPLETE, float(number), {}, errors) for number in range(2))
    found = over_trial_0(study("sharpe", first, best), paths)
    assert found is not None
    assert (found.standard_error, found.error_note) == (None, "")
