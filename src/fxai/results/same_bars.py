"""Errors of trainings that were scored on the same bars, from the returns on each bar that they left.

What the market does to two trials cancels in their difference, so the errors of the two values must not be added up.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from fxai.errors import InputError
from fxai.evaluation.lane_scores import can_be_computed, influences_by_fold, lane_scores
from fxai.evaluation.whole_error import WholeError, estimate_difference_over_folds, estimate_over_folds
from fxai.market.scores.bar_returns import BarReturns, read_bar_returns
from fxai.protocol.standard_error import mean
from fxai.results.paths import StudyPaths
from fxai.results.record import TrialRecord
from fxai.spec.search.metrics import SYNONYMS

_ANNUALIZED = ("sharpe", "sortino")
_RELATIVE, _ABSOLUTE = 1e-3, 1e-6  # largest deviations from a value; returns are stored in single precision


def error_on_same_bars(metric: str, first: TrialRecord, second: TrialRecord, paths: StudyPaths) -> float | None:
    """Standard error of the difference of two trials' values, of their seeds and of the stretch of market.

    With folds the returns are compared bar by bar in each fold.

    Args:
        metric: The metric of the values.
        first: A completed trial of FxAI's agents.
        second: Another one, of the same study.
        paths: Files of the study.

    Returns:
        The error; None if it cannot be computed: a trial left no returns, the returns do not reproduce its value (as
        with a metric of trades, or a formula), or the bars are too few.
    """
    name = SYNONYMS.get(metric, metric)
    trainings = _read(name, [paths.trial(trial.number).returns for trial in (first, second)])
    bars_per_year = _bars_per_year(name, trainings, [trial.value or 0.0 for trial in (first, second)])
    if bars_per_year is None:
        return None
    rows = [influences_by_fold(name, [training], bars_per_year) for training in trainings]
    return estimate_difference_over_folds(*rows).error.total


def error_of_mean(metric: str, files: Sequence[Path], values: Sequence[float]) -> WholeError | None:
    """Standard errors of the mean of several trainings' values on the same bars.

    Args:
        metric: The metric of the values.
        files: Returns of each training.
        values: The value of each training.

    Returns:
        The errors; None if the total error cannot be computed, see `error_on_same_bars`.
    """
    name = SYNONYMS.get(metric, metric)
    trainings = _read(name, files)
    bars_per_year = _bars_per_year(name, trainings, values)
    if bars_per_year is None:
        return None
    error = estimate_over_folds(influences_by_fold(name, trainings, bars_per_year)).error
    return None if error.total is None else error


def _read(name: str, files: Sequence[Path]) -> Sequence[BarReturns]:
    """The returns of all trainings; empty if one cannot be read, or if they do not suffice for the metric."""
    try:
        trainings = [read_bar_returns(file) for file in files]
    except InputError:
        return ()
    return trainings if can_be_computed(name, trainings) else ()


def _bars_per_year(name: str, trainings: Sequence[BarReturns], values: Sequence[float]) -> float | None:
    """The number of bars per year with which the returns reproduce all values; 1 if the metric is not annualized.

    None if they do not reproduce the values, and without returns.
    """
    if not trainings:
        return None
    raw = [mean([score.metrics[name] for score in lane_scores(training, 1.0)]) for training in trainings]
    scale = 1.0
    if name in _ANNUALIZED:  # the number of bars per year is not stored
        scale = next((value / own for value, own in zip(values, raw, strict=True) if own and value), 1.0)
    reproduced = all(_is_close(scale * own, value) for own, value in zip(raw, values, strict=True))
    return scale**2 if reproduced else None


def _is_close(computed: float, stored: float) -> bool:
    return math.isclose(computed, stored, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
