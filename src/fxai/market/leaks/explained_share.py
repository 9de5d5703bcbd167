"""Share of the variance of a target that regressors explain out of sample, beyond other regressors."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fxai.market.bars import FloatArray

BLOCKS = 8
_PENALTIES = (1e-2, 1e-1, 1.0, 30.0)  # of the base regressors, as shares of the number of rows; ridge
_FURTHER_PENALTY = 1e-2  # of the further regressors
_LEAST_VARIANCE = 1e-9  # of a target


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the variance, with the standard error over blocks."""

    value: float
    error: float


def explained_shares(base: FloatArray, further: FloatArray, targets: FloatArray, purge: int) -> list[Share]:
    """Share of each target's variance that the further regressors explain beyond the base regressors.

    The rows are eight consecutive blocks. Each block is predicted by ridge regressions on the other blocks, with and
    without the further regressors; the share is the difference of the squared errors, divided by the variance. The
    penalty of the base regressors is the one of four that predicts the target best without the further ones.

    Args:
        base: Regressors [row, regressor], standardized.
        further: Regressors whose part is measured, [row, regressor].
        targets: [row, target], finite.
        purge: Rows at the end of each block that are left out, because their targets reach into the next block.
    """
    count, known = targets.shape[1], base.shape[1] + 1
    grams = _block_grams(np.column_stack([np.ones(len(base)), base, further, targets]), purge)
    every = known + further.shape[1]
    without = np.array([_squared_errors(grams, known, known, count, penalty) for penalty in _PENALTIES])
    best = without.sum(axis=1).argmin(axis=0)  # [target]
    together = np.array([_squared_errors(grams, known, every, count, _PENALTIES[each]) for each in np.unique(best)])
    place = np.searchsorted(np.unique(best), best)
    target = np.arange(count)
    gains = without[best, :, target].T - together[place, :, target].T
    shares = gains / (_total_variance(grams, count) / BLOCKS)
    deviations = shares.std(axis=0, ddof=1) / np.sqrt(BLOCKS)
    return [Share(float(value), float(error)) for value, error in zip(shares.mean(axis=0), deviations, strict=True)]


def _block_grams(rows: FloatArray, purge: int) -> FloatArray:
    """X'X of each block, [block, column, column]."""
    edges = np.linspace(0, len(rows), BLOCKS + 1).astype(int)
    blocks = [rows[start : max(start + 1, stop - purge)] for start, stop in pairwise(edges)]
    return np.stack([block.T @ block for block in blocks])


def _squared_errors(grams: FloatArray, known: int, used: int, count: int, penalty: float) -> FloatArray:
    """Squared errors on each block of ridge regressions on the other blocks, [block, target].

    Args:
        grams: X'X of each block; the columns are 1, the regressors, the targets.
        known: Number of columns up to the last base regressor.
        used: Number of columns that are used.
        count: Number of targets.
        penalty: Penalty of the base regressors, as a share of the number of rows.
    """
    shares = np.concatenate([[0.0], np.full(known - 1, penalty), np.full(used - known, _FURTHER_PENALTY)])
    train = grams.sum(axis=0) - grams
    ridge = np.eye(used) * (shares * train[:, :1, :1] + 1e-9)
    weights = np.linalg.solve(train[:, :used, :used] + ridge, train[:, :used, -count:])
    cross = (weights * grams[:, :used, -count:]).sum(axis=1)
    square = (weights * (grams[:, :used, :used] @ weights)).sum(axis=1)
    own = np.diagonal(grams, axis1=1, axis2=2)[:, -count:]
    return np.asarray(own - 2 * cross + square)


def _total_variance(grams: FloatArray, count: int) -> FloatArray:
    """Sum of squares around the mean of each target over all blocks."""
    total = grams.sum(axis=0)
    means = total[0, -count:] / total[0, 0]
    squares = np.diagonal(total)[-count:] - total[0, 0] * means**2
    variance: FloatArray = np.maximum(squares, _LEAST_VARIANCE * total[0, 0])  # a constant target has no share
    return variance
