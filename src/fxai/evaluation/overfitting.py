"""How far the choice of the best of many trials is explained by luck: PBO, and the effective number of trials.

Both describe the selection on validation. They need the returns of complete trials: those of pruned trials lower the
PBO on pure noise from 0.50 to 0.14. A sampler that learns from earlier trials makes them optimistic, because its trials
are not drawn independently.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fxai.evaluation.block_bootstrap import block_length
from fxai.evaluation.row_parts import TrialRows, row_parts
from fxai.market.bars import FloatArray

_MOST_BLOCKS = 16
_FEWEST_BLOCKS = 8  # 70 halves
_BOOTSTRAP_BLOCKS = 2  # of each block, at least
_SURELY_ENOUGH_BARS = 1000
_VALUES_AT_ONCE = 2_000_000
_ROUNDING = 1e-12  # share of the mean square; a smaller variance counts as 0
_DECIMALS = 10  # of Sharpe ratios per bar, so that trials with the same returns are equal


@dataclass(frozen=True, slots=True)
class Overfitting:
    """Probability of backtest overfitting (PBO)."""

    probability: float  # share of the halves whose best trial is in the worse half of the trials on the other bars
    blocks: int  # S
    halves: int  # C(S, S/2)
    trials: int


def blocks_for(bars: int) -> int | None:
    """Number of blocks of `overfitting`: at most 16, even, each at least twice as long as a block of the bootstrap.

    16 blocks give the 12,870 halves of the paper's examples. Blocks must be longer than what the bars remember, so that
    the two halves are nearly independent.

    Returns:
        An even number from 8 to 16; None with fewer bars than 8 blocks need, about 210.
    """
    blocks = min(bars // (_BOOTSTRAP_BLOCKS * block_length(bars)), _MOST_BLOCKS) // 2 * 2
    return blocks if blocks >= _FEWEST_BLOCKS else None


def fewest_bars() -> int:
    """The number of bars from which every span has enough blocks."""
    return 1 + max(bars for bars in range(1, _SURELY_ENOUGH_BARS) if blocks_for(bars) is None)


def overfitting(returns: TrialRows) -> Overfitting | None:
    """PBO by combinatorially symmetric cross-validation (CSCV).

    The bars are cut into S blocks. For each choice of S/2 blocks, the trial with the highest Sharpe ratio on these
    bars is ranked among the trials by its Sharpe ratio on the other bars: omega = rank / (N + 1), with rank 1 for the
    worst and the mean rank for ties. PBO is the share of choices with ln(omega / (1 - omega)) <= 0. It is about 0.5
    if the trials have no skill, and 1 if what is best on one half is worst on the other.

    Source: Bailey, Borwein, López de Prado and Zhu (2017), "The probability of backtest overfitting", Journal of
    Computational Finance 20 (SSRN 2326253), section 3.

    Args:
        returns: Returns of complete trials on the same bars, [trial, bar], finite. With several seeds, the mean over
            the seeds of each trial.

    Returns:
        The PBO; None with fewer than two trials, and with too few bars for 8 blocks.
    """
    trials, bars = returns.shape
    blocks = blocks_for(bars)
    if trials < 2 or blocks is None:  # noqa: PLR2004 - a choice
        return None
    halves = _halves(blocks)
    sums = _BlockSums.of(returns, blocks)
    worse = 0
    for chosen in _parts(halves, trials):
        ratios, others = sums.sharpe(chosen), sums.sharpe(1 - chosen)
        worse += _overfitted(ratios, others) + _overfitted(others, ratios)
    return Overfitting(probability=worse / (2 * len(halves)), blocks=blocks, halves=2 * len(halves), trials=trials)


def effective_trials(returns: TrialRows) -> float | None:
    """Number of independent trials that are as many tries as the correlated ones: rho + (1 - rho) N.

    rho is the mean correlation of the returns of two trials; a negative mean counts as 0.

    Source: Bailey and López de Prado (2014), "The deflated Sharpe ratio", SSRN 2460551, appendix on the number of
    independent trials.

    Args:
        returns: Returns of complete trials on the same bars, [trial, bar], finite. Trials whose returns do not vary
            have no correlation. They are left out.

    Returns:
        A number from 1 to N; None if no trial's returns vary.
    """
    trials, together = 0, np.zeros(returns.shape[1])
    for _, part in row_parts(returns):
        deviations = part - part.mean(axis=1, keepdims=True)
        norms = np.sqrt((deviations**2).sum(axis=1))
        varies = norms > _ROUNDING * np.sqrt((part**2).sum(axis=1))
        trials += int(varies.sum())
        together += (deviations[varies] / norms[varies, None]).sum(axis=0)
    if trials == 0:
        return None
    if trials == 1:
        return 1.0
    # The sum of all correlations, without the matrix [trial, trial].
    correlation = (float(together @ together) - trials) / (trials * (trials - 1))
    correlation = min(max(correlation, 0.0), 1.0)
    return correlation + (1 - correlation) * trials


@dataclass(frozen=True, slots=True)
class _BlockSums:
    """Of each block, what the Sharpe ratio of several blocks needs."""

    bars: FloatArray  # number of bars, [block]
    returns: FloatArray  # sum of the returns, [block, trial]
    squares: FloatArray  # sum of the squared returns, [block, trial]

    @classmethod
    def of(cls, returns: TrialRows, blocks: int) -> "_BlockSums":
        edges = np.linspace(0, returns.shape[1], blocks + 1).astype(np.int64)
        sums, squares = np.empty((blocks, len(returns))), np.empty((blocks, len(returns)))
        for rows, part in row_parts(returns):
            sums[:, rows] = np.add.reduceat(part, edges[:-1], axis=1).T
            squares[:, rows] = np.add.reduceat(part**2, edges[:-1], axis=1).T
        return cls(np.diff(edges).astype(np.float64), sums, squares)

    def sharpe(self, chosen: FloatArray) -> FloatArray:
        """Sharpe ratio of the chosen blocks, [half, trial]; 0 for returns that do not vary."""
        bars = (chosen @ self.bars)[:, None]
        mean = chosen @ self.returns / bars
        square = chosen @ self.squares / bars
        variance = square - mean**2
        varies = variance > _ROUNDING * square
        ratios: FloatArray = np.where(varies, mean / np.sqrt(np.where(varies, variance, 1)), 0.0)
        return ratios.round(_DECIMALS)


def _overfitted(ratios: FloatArray, others: FloatArray) -> int:
    """Number of the halves whose best trial is not in the better half of the trials on the other bars.

    Args:
        ratios: Sharpe ratios on the half, [half, trial].
        others: Sharpe ratios on the other bars, [half, trial].
    """
    value = np.take_along_axis(others, ratios.argmax(axis=1)[:, None], axis=1)
    below = (others < value).sum(axis=1)
    equal = (others == value).sum(axis=1)
    omega = (below + (equal + 1) / 2) / (others.shape[1] + 1)
    return int((omega <= 0.5).sum())  # noqa: PLR2004 - where the logarithm is 0


def _halves(blocks: int) -> NDArray[np.float64]:
    """The choices of half of the blocks that contain the first block: 1 for a chosen block, else 0, [half, block].

    The blocks that are not chosen are the other choices.
    """
    chosen = np.zeros((math.comb(blocks - 1, blocks // 2 - 1), blocks))
    chosen[:, 0] = 1
    others = np.array(list(combinations(range(1, blocks), blocks // 2 - 1)))
    np.put_along_axis(chosen, others, 1.0, axis=1)
    return chosen


def _parts(halves: FloatArray, trials: int) -> Iterator[FloatArray]:
    """Parts of the halves whose Sharpe ratios fit in memory."""
    size = max(_VALUES_AT_ONCE // trials, 1)
    return (halves[start : start + size] for start in range(0, len(halves), size))
