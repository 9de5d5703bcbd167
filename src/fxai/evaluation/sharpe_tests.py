"""Tests of a Sharpe ratio against a benchmark and against the best of many trials without skill.

All Sharpe ratios are per bar, unless a name says annual: mean / sample standard deviation of the returns of bars. An
annual Sharpe ratio is the one per bar times the square root of the bars per year.

Convention: Bailey and López de Prado (2012), "The Sharpe ratio efficient frontier", SSRN 1821643. The variance of the
estimate is taken at the estimated Sharpe ratio and divided by T - 1. A revision (2025, SSRN 5520741) takes it at the
benchmark and divides by T, and gives other numbers from the same returns.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fxai.market.bars import FloatArray

_EULER = 0.5772156649015329
_NORMAL = NormalDist()
_ROUNDING = 1e-12  # share of the largest return; a smaller deviation counts as 0


@dataclass(frozen=True, slots=True)
class SharpeSample:
    """What the tests need of a sample of returns."""

    sharpe: float  # per bar
    skewness: float  # 0 for a normal distribution
    kurtosis: float  # 3 for a normal distribution: not the excess
    bars: int


def sharpe_ratios(returns: FloatArray) -> FloatArray:
    """Sharpe ratio per bar of each row: mean / sample standard deviation (n - 1).

    It is 0 if the returns of a row do not vary, as in `fxai.market.metrics.sharpe`.

    Args:
        returns: Returns of bars, [..., bar], at least two bars.

    Returns:
        [...].
    """
    deviation = returns.std(axis=-1, ddof=1)
    varies = deviation > _ROUNDING * np.abs(returns).max(axis=-1)
    ratios: FloatArray = np.where(varies, returns.mean(axis=-1) / np.where(varies, deviation, 1), 0.0)
    return ratios


def sharpe_sample(returns: FloatArray) -> SharpeSample | None:
    """Sharpe ratio, skewness and kurtosis (both with divisor n) of returns of bars.

    Args:
        returns: Returns of bars, [bar].

    Returns:
        The sample; None with fewer than two bars, and if the returns do not vary.
    """
    if len(returns) < 2 or np.ptp(returns) <= _ROUNDING * np.abs(returns).max():  # noqa: PLR2004 - a deviation
        return None
    deviations = returns - returns.mean()
    variance = float((deviations**2).mean())
    return SharpeSample(
        sharpe=float(returns.mean() / returns.std(ddof=1)),
        skewness=float((deviations**3).mean()) / variance**1.5,
        kurtosis=float((deviations**4).mean()) / variance**2,
        bars=len(returns),
    )


def sharpe_standard_error(sample: SharpeSample) -> float | None:
    """Standard error of the Sharpe ratio per bar: sqrt((1 - skewness SR + (kurtosis - 1) / 4 SR^2) / (T - 1)).

    Returns:
        The error; None with fewer than two bars, and for moments that no distribution has.
    """
    variance = _variance_of_one_bar(sample)
    return None if variance is None or sample.bars < 2 else math.sqrt(variance / (sample.bars - 1))  # noqa: PLR2004


def probabilistic_sharpe(sample: SharpeSample, benchmark: float = 0.0) -> float | None:
    """PSR: probability that the true Sharpe ratio is above the benchmark.

    Args:
        sample: The returns' moments.
        benchmark: A Sharpe ratio per bar.

    Returns:
        A probability; None where the standard error is undefined or 0.
    """
    error = sharpe_standard_error(sample)
    return _NORMAL.cdf((sample.sharpe - benchmark) / error) if error else None


def expected_maximum(trials: float) -> float:
    """Expected maximum of N independent standard normal values: (1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e)).

    g is the Euler-Mascheroni constant. The approximation is meant for large N. One value has the expected maximum 0,
    and an effective number of trials slightly above 1 does not go below.

    Args:
        trials: N, at least 1; an effective number of trials need not be an integer.
    """
    if trials < 1:
        raise ValueError(f"the expected maximum of {trials} trials is undefined")
    if trials == 1:
        return 0.0
    quantiles = _NORMAL.inv_cdf(1 - 1 / trials), _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return max((1 - _EULER) * quantiles[0] + _EULER * quantiles[1], 0.0)


def deflated_sharpe(sample: SharpeSample, variance_of_trials: float, trials: float) -> float | None:
    """DSR: probability that the true Sharpe ratio is above the expected best of N trials without skill.

    Source: Bailey and López de Prado (2014), "The deflated Sharpe ratio", SSRN 2460551.

    Args:
        sample: The moments of the returns of the best trial.
        variance_of_trials: Variance of the trials' Sharpe ratios per bar. An annual variance is divided by the bars per
            year.
        trials: Number of trials, or their effective number, at least 1.

    Returns:
        A probability; None where the standard error is undefined or 0.
    """
    return probabilistic_sharpe(sample, math.sqrt(variance_of_trials) * expected_maximum(trials))


def minimum_track_record(sample: SharpeSample, benchmark: float = 0.0, confidence: float = 0.95) -> float | None:
    """minTRL: number of bars from which the Sharpe ratio would be above the benchmark with the confidence.

    1 + (1 - skewness SR + (kurtosis - 1) / 4 SR^2) (Phi^-1(confidence) / (SR - benchmark))^2

    Args:
        sample: The returns' moments; their number of bars is not used.
        benchmark: A Sharpe ratio per bar.
        confidence: Of the one-sided test.

    Returns:
        A number of bars; None if the Sharpe ratio is not above the benchmark, since no number of bars is enough.
    """
    variance = _variance_of_one_bar(sample)
    if variance is None or sample.sharpe <= benchmark:
        return None
    return 1 + variance * (_NORMAL.inv_cdf(confidence) / (sample.sharpe - benchmark)) ** 2


def minimum_backtest_years(trials: float, annual_sharpe: float) -> float | None:
    """minBTL: years of bars below which the best of N trials without skill is expected to reach the Sharpe ratio.

    (E[max of N] / annual SR)^2: Bailey, Borwein, López de Prado and Zhu (2014), "Pseudo-mathematics and financial
    charlatanism", theorem 1.

    Args:
        trials: Number of trials, or their effective number, at least 1.
        annual_sharpe: Annual Sharpe ratio of the best trial.

    Returns:
        A number of years; None if the Sharpe ratio is not above 0.
    """
    return (expected_maximum(trials) / annual_sharpe) ** 2 if annual_sharpe > 0 else None


def _variance_of_one_bar(sample: SharpeSample) -> float | None:
    """T - 1 times the variance of the Sharpe ratio; None below 0."""
    variance = 1 - sample.skewness * sample.sharpe + (sample.kurtosis - 1) / 4 * sample.sharpe**2
    return variance if variance >= 0 else None
