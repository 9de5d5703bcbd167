"""Scores of a trial's lanes, from the returns on each bar that its agents left."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from fxai.evaluation.fold_rows import arrangement
from fxai.market.bars import FloatArray
from fxai.market.scores.bar_returns import BarReturns
from fxai.market.scores.instrument_scores import InstrumentScores, LaneScore
from fxai.market.scores.metrics import OF_TRADES
from fxai.market.scores.scored_steps import OF_REWARDS, SCORES, ScoredSteps, SpanScore


def lane_scores(bars: BarReturns, bars_per_year: float) -> Sequence[LaneScore]:
    """The score of each row. Its metrics of trades are 0, and those of rewards too if there are no rewards.

    The bars per year of several instruments are those of the returns.
    """
    return [_score(bars, row, bars_per_year) for row in range(len(bars.returns))]


def can_be_computed(metric: str, trainings: Sequence[BarReturns]) -> bool:
    """Whether the returns of some trainings on the same bars suffice for a metric, one of `SCORES` or another name."""
    same_bars = len({each.windows for each in trainings}) == 1 and all(each.windows for each in trainings)
    if metric not in SCORES or metric in OF_TRADES or not same_bars:
        return False
    return metric not in OF_REWARDS or all(each.rewards is not None for each in trainings)


def influences_by_fold(metric: str, trainings: Sequence[BarReturns], bars_per_year: float) -> Sequence[FloatArray]:
    """What each bar adds to a metric, arranged in folds for `whole_error.estimate_over_folds`.

    Args:
        metric: One of `SCORES`.
        trainings: The returns of one or more trainings; each row is a seed.
        bars_per_year: For annualized metrics.
    """
    scores = chain.from_iterable(lane_scores(each, bars_per_year) for each in trainings)
    windows = list(chain.from_iterable(each.windows for each in trainings))
    return arrangement(windows)([score.influences()[metric] for score in scores])


def _score(bars: BarReturns, row: int, bars_per_year: float) -> LaneScore:
    known = ~np.isnan(bars.returns[row])  # a row of a fold with fewer bars ends with NaN
    returns = bars.returns[row, known].astype(np.float64)
    none = np.zeros_like(returns)
    rewards = none if bars.rewards is None else bars.rewards[row, known].astype(np.float64)
    lengths = [len(window) for window in bars.windows[row]]
    steps = ScoredSteps(rewards, returns, none, none, none)
    if bars.instruments is not None:
        return InstrumentScores.of(steps, lengths, bars.instruments)
    return SpanScore.of(steps, bars_per_year, lengths)
