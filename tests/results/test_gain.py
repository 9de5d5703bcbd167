"""The gain of the best trial over trial 0, and its error on the same bars."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fxai.evaluation.whole_error import estimate, estimate_difference
from fxai.market.scores.bar_returns import BarReturns, Windows, read_bar_returns
from fxai.market.scores.metrics import sharpe
from fxai.market.splits.splits import Span
from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.gain import over_trial_0
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.same_bars import error_of_mean
from fxai.search.stored_trial import StoredState
from fxai.search.study_traits import StudyTraits

BARS, SEEDS, BARS_PER_YEAR = 400, 4, 6240.0
ONE_SPAN: Windows = (Span(1000, 1000 + BARS),)
FOLDS = tuple((Span(first, first + BARS // 4),) for first in (1000, 1100, 1200, 1300))
PAIRS = ((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2))  # combinatorial folds: each bar is scored by three
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
    write_returns(number, returns, (ONE_SPAN,) * SEEDS, paths, rewards=rewards)
    errors = {STANDARD_ERROR: 5.0, SEED_ERROR: 3.0, MARKET_ERROR: 4.0}
    return TrialRecord(number, StoredState.COMPLETE, value_of(metric, returns), {}, errors)


def write_returns(
    number: int, returns: np.ndarray, windows: Sequence[Windows], paths: StudyPaths, *, rewards: bool = True
) -> None:
    paths.trial(number).directory.mkdir(parents=True, exist_ok=True)
    earned = returns if rewards else None
    BarReturns(50, tuple(range(len(returns))), returns, earned, windows=tuple(windows)).write(
        paths.trial(number).returns
    )


def in_folds(number: int, metric: str, windows: Sequence[Windows], paths: StudyPaths) -> TrialRecord:
    """A trial with one training for each seed in each fold, whose rows are cut from `returns_of`."""
    rng = np.random.default_rng(number + 10)
    rows = [
        np.concatenate([row[span.start - 1000 : span.stop - 1000] for span in fold]) + rng.normal(0, 1e-5)
        for fold in windows
        for row in returns_of(number)
    ]
    returns = np.stack(rows).astype(np.float32)
    write_returns(number, returns, [fold for fold in windows for _ in range(SEEDS)], paths)
    parts = [np.split(row, len(windows[0])) for row in returns.astype(np.float64)]
    value = float(np.mean([np.mean([value_of(metric, part[None]) for part in row]) for row in parts]))
    errors = {STANDARD_ERROR: 5.0, SEED_ERROR: 3.0, MARKET_ERROR: 4.0}
    return TrialRecord(number, StoredState.COMPLETE, value, {}, errors)


def study(metric: str, *trials: TrialRecord, trading: bool = True) -> StudyRecord:
    direction = "minimize" if metric == "val_loss" else "maximize"
    return StudyRecord("s", direction, metric, trials, trials[-1], traits=StudyTraits(trading=trading))


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


@pytest.mark.parametrize("missing", ["file", "rewards", "value", "metric", "bars"])
def test_without_the_returns_of_both_the_error_is_that_of_the_seeds(missing: str, paths: StudyPaths) -> None:
    metric = "win_rate" if missing == "metric" else "mean_reward"
    first, best = (trial(number, metric, paths, rewards=missing != "rewards") for number in range(2))
    if missing == "file":
        paths.trial(0).returns.unlink()
    if missing == "value":
        best = replace(best, value=2 * (best.value or 0.0))
    if missing == "bars":
        returns = returns_of(1)
        write_returns(1, returns, [(Span(1001, 1001 + BARS),)] * SEEDS, paths)
    found = over_trial_0(study(metric, first, best), paths)
    assert found is not None
    assert found.standard_error == pytest.approx(3 * np.sqrt(2))
    assert "of the seeds alone" in found.error_note


@pytest.mark.parametrize("metric", ["mean_reward", "val_loss", "sharpe"])
@pytest.mark.parametrize("scheme", ["walk_forward", "combinatorial"])
def test_trials_in_folds_are_compared_bar_by_bar_in_each_fold(metric: str, scheme: str, paths: StudyPaths) -> None:
    windows = FOLDS if scheme == "walk_forward" else [FOLDS[first] + FOLDS[second] for first, second in PAIRS]
    trials = [in_folds(number, metric, windows, paths) for number in range(2)]
    found = over_trial_0(study(metric, *trials), paths)
    assert found is not None
    assert found.standard_error is not None
    assert "bar by bar" in found.error_note
    unpaired = [error_of_mean(metric, [paths.trial(each.number).returns], [each.value or 0.0]) for each in trials]
    assert all(each is not None and found.standard_error < (each.total or 0.0) / 3 for each in unpaired)


def test_the_error_of_a_gain_over_folds_is_that_of_the_mean_of_their_differences(paths: StudyPaths) -> None:
    """Of independent folds the variances add up; each is that of two trials on the fold's bars."""
    found = over_trial_0(study("mean_reward", *(in_folds(n, "mean_reward", FOLDS, paths) for n in range(2))), paths)
    rows = [read_bar_returns(paths.trial(number).returns).returns.astype(np.float64) for number in range(2)]
    of_folds = [
        estimate_difference(rows[1][first : first + SEEDS], rows[0][first : first + SEEDS]).error.total
        for first in range(0, SEEDS * len(FOLDS), SEEDS)
    ]
    assert found is not None
    variances = [error**2 for error in of_folds if error is not None]
    assert found.standard_error == pytest.approx(np.sqrt(sum(variances)) / len(FOLDS), rel=0.1)


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
