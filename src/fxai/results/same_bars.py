"""Errors of trainings that were scored on the same bars, from the returns on each bar that they left.

What the market does to two trials cancels in their difference, so the errors of the two values must not be added up.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fxai.errors import InputError
from fxai.evaluation.whole_error import WholeError, estimate, estimate_difference
from fxai.market.bar_returns import BarReturns, read_bar_returns
from fxai.market.bars import FloatArray
from fxai.market.scored_steps import OF_REWARDS, ScoredSteps
from fxai.results.paths import StudyPaths
from fxai.results.record import TrialRecord
from fxai.spec.search.metrics import SYNONYMS

_OF_RETURNS = ("total_return", "sharpe", "sortino", "max_drawdown", "romad")
_ANNUALIZED = ("sharpe", "sortino")
_RELATIVE, _ABSOLUTE = 1e-3, 1e-6  # largest deviations from a value; returns are stored in single precision


def error_on_same_bars(metric: str, first: TrialRecord, second: TrialRecord, paths: StudyPaths) -> float | None:
    """Standard error of the difference of two trials' values, of their seeds and of the stretch of market.

    Args:
        metric: The metric of the values.
        first: A completed trial of FxAI's agents.
        second: Another one, of the same study.
        paths: Files of the study.

    Returns:
        The error; None if it cannot be computed: a trial left no returns, the returns do not reproduce its value (as
        with a metric of trades, a formula, or a mean over parts), the study has folds, or the bars are too few.
    """
    trials = (first, second)
    influences = _read(metric, [paths.trial(trial.number).returns for trial in trials])
    scaled = influences and _scaled(metric, influences, [trial.value or 0.0 for trial in trials])
    return estimate_difference(scaled[0], scaled[1]).error.total if scaled else None


def error_of_mean(metric: str, files: Sequence[Path], values: Sequence[float]) -> WholeError | None:
    """Standard errors of the mean of several trainings' values on the same bars.

    Args:
        metric: The metric of the values.
        files: Returns of each training.
        values: The value of each training.

    Returns:
        The errors; None if the total error cannot be computed, see `error_on_same_bars`.
    """
    influences = _read(metric, files)
    scaled = influences and _scaled(metric, influences, values)
    error = estimate(np.concatenate(scaled)).error if scaled else None
    return None if error is None or error.total is None else error


def _read(metric: str, files: Sequence[Path]) -> Sequence[FloatArray] | None:
    """The influences in each file, [seed, bar]; None if one is missing, or if the files have different bars."""
    try:
        influences = [_influences(SYNONYMS.get(metric, metric), read_bar_returns(file)) for file in files]
    except InputError:
        return None
    found = [each for each in influences if each is not None]
    same_bars = len({each.shape[1] for each in found}) == 1
    return found if same_bars and len(found) == len(files) else None


def _influences(name: str, bars: BarReturns) -> FloatArray | None:
    """For each seed what each bar adds to the metric, [seed, bar]; annualized metrics as of one bar per year."""
    if bars.folds:
        return None
    if name in OF_REWARDS:
        return None if bars.rewards is None else (1 if name == "mean_reward" else -1) * bars.rewards.astype(np.float64)
    if name not in _OF_RETURNS:
        return None
    returns = bars.returns.astype(np.float64)
    nothing = np.zeros(returns.shape[1])
    steps = [ScoredSteps(nothing, of_seed, nothing, nothing, nothing) for of_seed in returns]
    return np.stack([of_seed.influences(1.0)[name] for of_seed in steps])


def _scaled(metric: str, influences: Sequence[FloatArray], values: Sequence[float]) -> Sequence[FloatArray] | None:
    """The influences in the unit of the values; None if they do not reproduce all values."""
    raw = [float(each.mean()) for each in influences]
    scale = 1.0
    if SYNONYMS.get(metric, metric) in _ANNUALIZED:  # the number of bars per year is not stored
        scale = next((value / own for value, own in zip(values, raw, strict=True) if own and value), 1.0)
    if not all(_is_close(scale * own, value) for own, value in zip(raw, values, strict=True)):
        return None
    return [scale * each for each in influences]


def _is_close(computed: float, stored: float) -> bool:
    return math.isclose(computed, stored, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
