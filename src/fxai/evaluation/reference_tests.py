"""Tests of many trials against a benchmark on the same bars: SPA and StepM.

They need the package arch, the extra `statistics`. This is the only file that imports it.

arch takes losses, and calls its trials "models". Its statistic is the difference of the means. It does not divide the
difference by its standard deviation, although it has an argument `studentize`. A trial of large positions therefore
needs a larger difference than one of small positions.

arch's time is proportional to trials x bars x replicates, and its memory to trials x replicates. Many trials are tested
with fewer replicates, and with the means of groups of consecutive bars in place of the bars. A group is at most a third
of a block, so that a replicate still consists of blocks.
"""

import math
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from fxai.errors import InputError
from fxai.evaluation.block_bootstrap import block_length
from fxai.evaluation.row_parts import TrialRows, row_parts
from fxai.evaluation.whole_error import MINIMUM_BARS
from fxai.market.bars import FloatArray

REPLICATES = 1000
INSTALL_ARCH = "run `pip install 'fxai[statistics]'` (in a clone `poetry install --extras statistics`)"
_FEWEST_REPLICATES = 200
_MOST_REPLICATED_MEANS = 2_000_000  # trials x replicates; arch holds six numbers for each
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


def has_reference_tests() -> bool:
    """Whether the package of the tests is installed."""
    return find_spec("arch") is not None


def load_reference_tests() -> None:
    """Load arch, which takes about a second, before `reference_tests` needs it. Nothing happens without arch."""
    if has_reference_tests():
        import arch.bootstrap  # noqa: F401, PLC0415 - optional dependency


def reference_tests(
    returns: TrialRows,
    benchmark: FloatArray,
    *,
    seed: int,
    error_rate: float = 0.05,
    replicates: int = REPLICATES,
) -> ReferenceTests | None:
    """SPA and StepM with a circular block bootstrap of blocks of `block_length` bars.

    Sources: Hansen (2005), "A test for superior predictive ability", Journal of Business & Economic Statistics 23, p.
    365; Romano and Wolf (2005), "Stepwise multiple testing as formalized data snooping", Econometrica 73, p. 1237.

    Args:
        returns: Returns of complete trials, [trial, bar], finite. With several seeds, the mean over the seeds.
        benchmark: Returns of the benchmark on the same bars, [bar]; zeros for doing nothing.
        seed: Seed of the bootstrap.
        error_rate: Family-wise error rate of StepM.
        replicates: Number of replicates; fewer, down to 200, with more than 2,000 trials.

    Returns:
        The tests; None without trials, with fewer than `MINIMUM_BARS` bars, and if no trial differs from the benchmark.

    Raises:
        InputError: If arch is not installed.
    """
    if not has_reference_tests():
        raise InputError(f"the tests SPA and StepM need arch, which is not installed: {INSTALL_ARCH}")
    from arch.bootstrap import SPA  # noqa: PLC0415 - optional dependency

    if returns.shape[1] < MINIMUM_BARS or not (returns != benchmark).any():
        return None
    size = _grouped_bars(*returns.shape)
    replicates = min(replicates, max(_MOST_REPLICATED_MEANS // len(returns), _FEWEST_REPLICATES))
    spa = SPA(
        -_group_means(benchmark[None], size)[0],
        -_group_means(returns, size).T,
        block_size=round(block_length(returns.shape[1]) / size),
        reps=replicates,
        bootstrap="circular",
        seed=seed,
    )
    spa.compute()
    p_values = spa.pvalues
    # StepM. arch's class of this name draws the same replicates again, and fails once all trials are better.
    remaining = np.ones(len(returns), np.bool_)
    while remaining.any():
        spa.subset(remaining)
        spa.compute()
        better = spa.better_models(error_rate)
        if not len(better):
            break
        remaining[better] = False
    return ReferenceTests(
        p_value=float(p_values["consistent"]),
        p_value_lower=float(p_values["lower"]),
        p_value_upper=float(p_values["upper"]),
        better=tuple(int(row) for row in np.flatnonzero(~remaining)),
        error_rate=error_rate,
        trials=len(returns),
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
