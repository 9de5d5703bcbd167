"""Tests whether some of many trials earn more than a benchmark: SPA and StepM, on the differences of their returns.

The statistic is the largest mean difference. The differences are not divided by their standard deviations, so that a
trial of large positions needs a larger difference than one of small positions.

Sources: Hansen (2005), "A test for superior predictive ability", Journal of Business & Economic Statistics 23, p. 365;
Romano and Wolf (2005), "Stepwise multiple testing as formalized data snooping", Econometrica 73, p. 1237. Hsu, Hsu and
Kuan (2010), Journal of Empirical Finance 17, p. 471, join the two: the steps with Hansen's recentring.
"""

import math
from dataclasses import dataclass

import numpy as np

from fxai.evaluation.block_bootstrap import resampled_means
from fxai.market.bars import FloatArray


@dataclass(frozen=True, slots=True)
class SuperiorAbility:
    """Results of SPA and StepM."""

    p_value: float  # SPA, consistent: of the hypothesis that no mean difference is above 0
    p_value_lower: float  # SPA's lower bound
    p_value_upper: float  # SPA's upper bound, White's Reality Check
    better: tuple[int, ...]  # StepM: rows of the trials that are better


def superior_ability(
    differences: FloatArray, length: int, *, seed: int, replicates: int, error_rate: float
) -> SuperiorAbility:
    """SPA and StepM with a circular block bootstrap.

    The mean difference of each trial is subtracted from its replicates, which are then distributed as if the true mean
    difference were 0. Trials far below the benchmark are not recentred in this way. SPA's three p-values differ in
    these trials: the lower bound recentres no trial below 0, the consistent p-value no trial below Hansen's threshold,
    and the upper bound recentres all trials. StepM recentres the same trials as the consistent p-value.

    Args:
        differences: Returns of each trial minus those of the benchmark, [trial, bar], at least one trial and 3 bars.
        length: Number of bars of a block.
        seed: Seed of the bootstrap.
        replicates: Number of replicates.
        error_rate: Family-wise error rate of StepM.
    """
    means = differences.mean(axis=1)
    replicated = resampled_means(differences, seed, replicates, length)
    recentred = replicated - np.where(means >= _thresholds(differences, length), means, 0)
    return SuperiorAbility(
        p_value=_p_value(recentred, means),
        p_value_lower=_p_value(replicated - np.maximum(means, 0), means),
        p_value_upper=_p_value(replicated - means, means),
        better=_better(recentred, means, error_rate),
    )


def _p_value(recentred: FloatArray, means: FloatArray) -> float:
    """Share of the replicates whose largest mean difference is above the largest one of the trials."""
    return float((recentred.max(axis=1) > means.max()).mean())


def _better(recentred: FloatArray, means: FloatArray, error_rate: float) -> tuple[int, ...]:
    """Rows of the trials that are better.

    Each step finds the trials above the critical value of the trials that no earlier step found. The last step finds
    none.
    """
    better = np.zeros(len(means), np.bool_)
    while not better.all():
        critical_value = np.quantile(recentred[:, ~better].max(axis=1), 1 - error_rate)
        found = ~better & (means > critical_value)
        if not found.any():
            break
        better |= found
    return tuple(np.flatnonzero(better).tolist())


def _thresholds(differences: FloatArray, length: int) -> FloatArray:
    """Mean difference of each trial below which the trial is not recentred: Hansen's, by the iterated logarithm."""
    bars = differences.shape[1]
    errors: FloatArray = np.sqrt(_long_run_variances(differences, length) / bars)
    return -errors * math.sqrt(2 * math.log(math.log(bars)))


def _long_run_variances(differences: FloatArray, length: int) -> FloatArray:
    """Variance of each trial's mean difference times the number of bars, [trial].

    Hansen takes the variance of the stationary bootstrap with infinitely many replicates (Politis and Romano 1994, "The
    stationary bootstrap", Journal of the American Statistical Association 89, p. 1303). It is a weighted sum of the
    autocovariances. Lag i and lag T - i of T bars have equal weights, so the sum can be taken over the circular
    autocovariances, which the Fourier transform gives.
    """
    bars = differences.shape[1]
    lags, kept = np.arange(bars), 1 - 1 / length  # kept: probability that a block continues with the next bar
    weights = ((bars - lags) * kept**lags + lags * kept ** (bars - lags)) / bars
    spectrum = np.fft.rfft(differences - differences.mean(axis=1, keepdims=True))
    autocovariances = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, n=bars) / bars
    variances: FloatArray = np.maximum(autocovariances @ weights, 0)
    return variances
