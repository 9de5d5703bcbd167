"""Tests of many trials against a benchmark on the same bars: SPA and StepM, in bounded time and memory.

Their time is proportional to trials x bars x replicates, and their memory to trials x replicates. Many trials are
tested with fewer replicates, and with the means of groups of consecutive bars in place of the bars. A group is at most
a third of a block, so that a replicate still consists of blocks.
"""

import math
from dataclasses import dataclass

import numpy as np

from fxai.evaluation.block_bootstrap import block_length
from fxai.evaluation.row_parts import TrialRows, row_parts
from fxai.evaluation.superior_ability import superior_ability
from fxai.evaluation.whole_error import MINIMUM_BARS
from fxai.market.bars import FloatArray

REPLICATES = 1000
_FEWEST_REPLICATES = 200
_MOST_REPLICATED_MEANS = 2_000_000  # trials x replicates
_MOST_VALUES = 1_000_000  # trials x groups of bars
_FEWEST_GROUPS = 3  # of a block


@dataclass(frozen=True, slots=True)
class ReferenceTests:
    """Whether some trials are better than a benchmark, all trials taken into account."""

    p_value: float  # SPA, consistent: of the hypothesis that no trial is better than the benchmark
    p_value_lower: float  # SPA's lower bound
    p_value_upper: float  # SPA's upper bound, White's Reality Check
    better: tuple[int, ...]  # StepM: rows of the trials that are better, at the family-wise error rate
    error_rate: float  # of `better`: probability that it holds a trial that is not better
    trials: int
    replicates: int  # of the bootstrap
    grouped_bars: int  # consecutive bars whose mean was resampled as one number; 1 for single bars


def reference_tests(
    returns: TrialRows,
    benchmark: FloatArray,
    *,
    seed: int,
    error_rate: float = 0.05,
    replicates: int = REPLICATES,
) -> ReferenceTests | None:
    """SPA and StepM, as in `superior_ability`, with blocks of `block_length` bars.

    Args:
        returns: Returns of complete trials, [trial, bar], finite. With several seeds, the mean over the seeds.
        benchmark: Returns of the benchmark on the same bars, [bar]; zeros for doing nothing.
        seed: Seed of the bootstrap.
        error_rate: Family-wise error rate of StepM.
        replicates: Number of replicates; fewer, down to 200, with more than 2,000 trials.

    Returns:
        The tests; None without trials, with fewer than `MINIMUM_BARS` bars, and if no trial differs from the benchmark.
    """
    trials, bars = returns.shape
    if bars < MINIMUM_BARS or not (returns != benchmark).any():
        return None
    size = _grouped_bars(trials, bars)
    replicates = min(replicates, max(_MOST_REPLICATED_MEANS // trials, _FEWEST_REPLICATES))
    found = superior_ability(
        _group_means(returns, size) - _group_means(benchmark[None], size),
        round(block_length(bars) / size),
        seed=seed,
        replicates=replicates,
        error_rate=error_rate,
    )
    return ReferenceTests(
        p_value=found.p_value,
        p_value_lower=found.p_value_lower,
        p_value_upper=found.p_value_upper,
        better=found.better,
        error_rate=error_rate,
        trials=trials,
        replicates=replicates,
        grouped_bars=size,
    )


def _grouped_bars(trials: int, bars: int) -> int:
    """Number of bars of a group."""
    return max(min(math.ceil(trials * bars / _MOST_VALUES), block_length(bars) // _FEWEST_GROUPS), 1)


def _group_means(returns: TrialRows, size: int) -> FloatArray:
    """Means of groups of consecutive bars, [trial, group]; the first bars that fill no group are left out."""
    trials, bars = returns.shape
    groups = bars // size
    means = np.empty((trials, groups))
    for rows, part in row_parts(returns):
        means[rows] = part[:, bars - groups * size :].reshape(len(part), groups, size).mean(axis=2)
    return means
