"""The error of a value over fresh seeds, from the returns of the agents on each bar."""

from collections.abc import Sequence

import numpy as np

from fxai.evaluation.fold_rows import arrangement
from fxai.evaluation.whole_error import WholeError, estimate_from_seeds, estimate_over_folds
from fxai.market.bar_returns import BarReturns
from fxai.market.folds import Fold, latest_first
from fxai.market.metrics import OF_TRADES
from fxai.market.scored_steps import OF_REWARDS, SCORES, ScoredSteps, SpanScore
from fxai.spec.fields.data_config import SplitConfig


def fresh_error(
    values: Sequence[float],
    agents: Sequence[BarReturns],
    metric: str,
    bars_per_year: float,
    *,
    split: SplitConfig,
    folds: Sequence[Fold] = (),
) -> WholeError:
    """The error of the mean of the seeds' values.

    It has the seeds' part alone if the metric is not one of returns or rewards, or if returns of an agent are missing.

    Args:
        values: The metric of each seed.
        agents: The returns of each seed's agents on the same bars, one row for each fold.
        metric: One of `SCORES`, or the name of another metric.
        bars_per_year: For annualized metrics.
        split: The validation that the values are measured by.
        folds: The folds of the market; empty without folds.
    """
    complete = len(agents) == len(values) and len({agent.returns.shape for agent in agents}) == 1
    known = metric in SCORES and metric not in OF_TRADES
    if not complete or not known or (metric in OF_REWARDS and any(agent.rewards is None for agent in agents)):
        return estimate_from_seeds(values).error if len(values) > 1 else WholeError(None, None, None)
    lengths = _lengths_of_parts(split, folds, agents[0].returns.shape[1])
    spans = [_span(agent, row, bars_per_year, of_row) for row, of_row in enumerate(lengths) for agent in agents]
    lanes = [span.influences()[metric] for span in spans]
    return estimate_over_folds(arrangement(split, folds)(lanes)).error


def _lengths_of_parts(split: SplitConfig, folds: Sequence[Fold], bars: int) -> Sequence[Sequence[int]]:
    """Numbers of bars of the parts that are scored by themselves, for each row of returns."""
    if folds:
        return [[len(span) - 1 for span in folds[place].test] for place in latest_first(folds)]
    parts = split.validation_episodes or 1
    return [[bars // parts] * parts]


def _span(agent: BarReturns, row: int, bars_per_year: float, lengths: Sequence[int]) -> SpanScore:
    """The score of one agent on the bars of a row."""
    known = ~np.isnan(agent.returns[row])  # a row of a fold with fewer bars ends with NaN
    returns = agent.returns[row, known].astype(np.float64)
    none = np.zeros_like(returns)
    rewards = none if agent.rewards is None else agent.rewards[row, known].astype(np.float64)
    return SpanScore.of(ScoredSteps(rewards, returns, none, none, none), bars_per_year, lengths)
