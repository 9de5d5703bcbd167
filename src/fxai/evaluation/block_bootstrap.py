"""Circular block bootstrap over the bars of a span.

A replicate of T bars consists of blocks of b consecutive bars whose first bars are drawn uniformly from all T bars. The
bar after the last bar is the first bar, so that every bar is drawn equally often. The last block is cut to make T bars.
All seeds of a replicate have the same bars, so that a replicate keeps the correlation between the seeds.

Source: Politis and Romano (1992), "A circular block-resampling procedure for stationary data".
"""

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fxai.market.bars import FloatArray

Metric: TypeAlias = Callable[[FloatArray], FloatArray]
"""A metric of bars, for many rows at once: [..., bar] to [...]."""

REPLICATES = 2000
_BARS_PER_CUBE_ROOT = 2.2
_SMALLEST_NUMBER_OF_BLOCKS = 4
_VALUES_AT_ONCE = 4_000_000  # 32 MB


def block_length(bars: int) -> int:
    """Number of bars of a block: 2.2 times the cube root of the number of bars, rounded up.

    It is at most a fourth of the bars. The cube root is the rate at which the error of a block bootstrap's variance is
    smallest (Künsch 1989, The Annals of Statistics 17, p. 1217; Hall, Horowitz and Jing 1995, Biometrika 82, p. 561).
    The factor gives 24 at 1,221 bars: blocks of a trading day on hourly bars keep the daily pattern of volatility. It
    gives 41 at 6,280 bars. The rule depends on the number of bars alone, so that all trials of a search have the same
    blocks.

    Args:
        bars: Number of bars of the span, at least 1.
    """
    return max(min(math.ceil(_BARS_PER_CUBE_ROOT * math.cbrt(bars)), bars // _SMALLEST_NUMBER_OF_BLOCKS), 1)


def variance_of_mean(returns: FloatArray) -> FloatArray:
    """Variance of the mean over bars, which the bootstrap has with infinitely many replicates.

    The variance of the circular block bootstrap is the mean square of the deviations of the T block means from the mean
    of all bars, times b / T. Its expected value is too small by the factor 1 - b / T, because the deviations are from
    the mean of the same bars. The result is divided by this factor, as a variance of n values is divided by n - 1.

    Args:
        returns: One value for each bar, [..., bar], at least two bars.

    Returns:
        [...], in the squared unit of the returns.
    """
    bars = returns.shape[-1]
    length = block_length(bars)
    blocks = _block_sums(returns - returns.mean(axis=-1, keepdims=True), length) / length
    variance: FloatArray = (blocks**2).mean(axis=-1) * length / bars * _variance_correction(bars)
    return variance


def variance_of_replicates(replicates: FloatArray, bars: int) -> FloatArray:
    """Variance of a metric over replicates, with the correction of `variance_of_mean`.

    Args:
        replicates: Values of the metric, [replicate, ...], at least two replicates.
        bars: Number of bars of the span.
    """
    variance: FloatArray = replicates.var(axis=0, ddof=1) * _variance_correction(bars)
    return variance


def variance_freedom(bars: int) -> float:
    """Equivalent degrees of freedom of `variance_of_mean`, 1.5 T / b.

    The estimate equals the spectral density at frequency 0 with Bartlett's window of b lags, whose relative variance is
    4 b / (3 T) (Priestley 1981, "Spectral Analysis and Time Series", table 6.2); a variance with n degrees of freedom
    has 2 / n.
    """
    return 1.5 * bars / block_length(bars)


def resampled_means(
    returns: FloatArray, seed: int, replicates: int = REPLICATES, length: int | None = None
) -> FloatArray:
    """Mean over the bars of each replicate, for each row.

    Args:
        returns: One value for each row and bar, [row, bar], e.g. a row for each seed.
        seed: Seed of the drawn blocks. Calls that differ only in their rows draw the same bars.
        replicates: Number of replicates.
        length: Number of bars of a block, at most all bars; None for `block_length`.

    Returns:
        [replicate, row], in the unit of the returns.
    """
    rows, bars = returns.shape
    length = length or block_length(bars)
    starts = _block_starts(bars, length, seed, replicates)
    whole, rest = divmod(bars, length)
    sums = np.ascontiguousarray(_block_sums(returns, length).T)
    means = np.empty((replicates, rows))
    for part in _parts(replicates, rows * max(whole, 1)):
        np.sum(sums[starts[part, :whole]], axis=1, out=means[part])
    if rest:
        means += _block_sums(returns, rest).T[starts[:, whole]]
    means /= bars
    return means


def resampled_metric(returns: FloatArray, metric: Metric, seed: int, replicates: int = REPLICATES) -> FloatArray:
    """Metric of the bars of each replicate, for each row.

    Args:
        returns: One value for each row and bar, [row, bar], e.g. a row for each seed.
        metric: The metric, [..., bar] to [...]; `row_by_row` makes one of a function of [bar].
        seed: Seed of the drawn blocks. Two calls with the same seed and number of bars draw the same bars.
        replicates: Number of replicates.

    Returns:
        [replicate, row], in the unit of the metric.
    """
    rows, bars = returns.shape
    length = block_length(bars)
    blocks = sliding_window_view(_continued(returns, length), length, axis=1)
    starts = _block_starts(bars, length, seed, replicates)
    values = np.empty((replicates, rows))
    for part in _parts(replicates, rows * bars):
        samples = blocks[:, starts[part]].reshape(rows, -1, starts.shape[1] * length)
        values[part] = metric(samples[..., :bars]).T
    return values


def mean_over_resampled_seeds(values: FloatArray, seed: int) -> FloatArray:
    """Mean over rows that are drawn with replacement in each replicate: a replicate of bars and seeds together.

    Args:
        values: Values of the metric, [replicate, row], of `resampled_means` or `resampled_metric`; a row for each seed.
        seed: Seed of the drawn rows.

    Returns:
        [replicate].
    """
    replicates, rows = values.shape
    drawn = np.random.default_rng(seed).integers(rows, size=(replicates, rows))
    means: FloatArray = np.take_along_axis(values, drawn, axis=1).mean(axis=1)
    return means


def row_by_row(metric: Callable[[FloatArray], float]) -> Metric:
    """A metric of many rows, from a function of the bars of one row, [bar]."""

    def of_rows(returns: FloatArray) -> FloatArray:
        values: FloatArray = np.apply_along_axis(metric, -1, returns)
        return values

    return of_rows


def _variance_correction(bars: int) -> float:
    return 1 / (1 - block_length(bars) / bars) if bars > 1 else math.nan


def _block_starts(bars: int, length: int, seed: int, replicates: int) -> NDArray[np.int64]:
    """First bars of the blocks, [replicate, block]."""
    return np.random.default_rng(seed).integers(bars, size=(replicates, math.ceil(bars / length)))


def _continued(returns: FloatArray, length: int) -> FloatArray:
    """The bars and, after the last bar, the first `length - 1` bars: [..., bar + length - 1]."""
    return np.concatenate([returns, returns[..., : length - 1]], axis=-1)


def _block_sums(returns: FloatArray, length: int) -> FloatArray:
    """Sum of the block that begins at each bar, [..., bar]."""
    sums = np.cumsum(_continued(returns, length), axis=-1)
    sums[..., length:] -= sums[..., :-length].copy()
    return sums[..., length - 1 :]


def _parts(replicates: int, values_of_replicate: int) -> Iterator[slice]:
    """Parts of the replicates whose values fit in memory."""
    size = max(_VALUES_AT_ONCE // values_of_replicate, 1)
    return (slice(start, start + size) for start in range(0, replicates, size))
