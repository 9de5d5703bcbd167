"""The error of a value over fresh seeds, from the returns of the agents on each bar."""

from collections.abc import Sequence

from fxai.evaluation.lane_scores import can_be_computed, influences_by_fold
from fxai.evaluation.whole_error import WholeError, estimate_from_seeds, estimate_over_folds
from fxai.market.scores.bar_returns import BarReturns


def fresh_error(values: Sequence[float], agents: Sequence[BarReturns], metric: str, bars_per_year: float) -> WholeError:
    """The error of the mean of the seeds' values.

    It has the seeds' part alone if the metric is not one of returns or rewards, or if returns of an agent are missing.

    Args:
        values: The metric of each seed.
        agents: The returns of each seed's agents on the same bars, one row for each fold.
        metric: One of `SCORES`, or the name of another metric.
        bars_per_year: For annualized metrics.
    """
    if len(agents) == len(values) and can_be_computed(metric, agents):
        return estimate_over_folds(influences_by_fold(metric, agents, bars_per_year)).error
    return estimate_from_seeds(values).error if len(values) > 1 else WholeError(None, None, None)
