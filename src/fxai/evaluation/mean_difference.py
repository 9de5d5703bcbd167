"""The difference of a committee's mean return to another strategy's, with its bounds, and how more bars change them."""

import math
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge
from pydantic import ConfigDict, FiniteFloat

from fxai.evaluation.student_t import t_quantile
from fxai.evaluation.whole_error import Estimate

FEWEST_SEEDS = 2  # of a committee; below, its error over seeds is unknown


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """The mean return per bar of the winner's committee minus that of another strategy, on the same bars.

    The bounds are one-sided and hold the error over seeds and the error of the stretch of market.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    value: FiniteFloat
    bars: Annotated[int, Ge(1)]
    market_error: FiniteFloat | None  # of the stretch of market; None with too few bars
    error: FiniteFloat | None  # of seeds and market together; None with too few bars or seeds
    degrees_of_freedom: FiniteFloat | None  # of `error`; None if the error is None or 0
    lower: FiniteFloat | None  # one-sided bound; None if the error is None
    upper: FiniteFloat | None

    @property
    def is_above(self) -> bool:
        """Whether the lower bound is above 0."""
        return self.lower is not None and self.lower > 0

    @property
    def is_below(self) -> bool:
        """Whether the upper bound is below 0."""
        return self.upper is not None and self.upper < 0


def mean_difference(estimate: Estimate, *, bars: int, seeds: int, confidence: float) -> MeanDifference:
    """The record of an estimate.

    Args:
        estimate: Of the difference of the mean returns.
        bars: Number of bars.
        seeds: Members of the smaller committee.
        confidence: Of each one-sided bound.
    """
    error = estimate.error.total if seeds >= FEWEST_SEEDS else None
    freedom = estimate.degrees_of_freedom if error else None
    return MeanDifference(
        value=estimate.value,
        bars=bars,
        market_error=estimate.error.market,
        error=error,
        degrees_of_freedom=freedom if freedom is not None and math.isfinite(freedom) else None,
        lower=None if error is None else estimate.lower_bound(confidence),
        upper=None if error is None else estimate.upper_bound(confidence),
    )


def further_bars_until_decided(difference: MeanDifference, confidence: float) -> int | None:
    """How many further bars would move the bound nearer to 0 past it, at the same mean and the same volatility.

    The variance of the market part falls in proportion to the number of bars; the rest of the variance, which is that
    of the seeds, stays. None if no number of bars suffices, if the difference is 0, and if the error is unknown.
    """
    if difference.error is None or difference.market_error is None or difference.value == 0:
        return None
    quantile = _quantile(difference, confidence)
    market = difference.market_error**2
    seeds = max(difference.error**2 - market, 0.0)
    room = difference.value**2 - quantile**2 * seeds
    if room <= 0:
        return None
    return max(math.floor(difference.bars * quantile**2 * market / room) + 1 - difference.bars, 0)


def further_bars_until_undecided(difference: MeanDifference, confidence: float) -> int | None:
    """How many further bars without a difference would move the bound that is past 0 back to it.

    With a share x of old bars among all, the mean falls by the factor x and the variance of the market part too. None
    if the error is unknown, if the difference is 0, and if no bound is past 0.
    """
    if difference.error is None or difference.market_error is None or not (difference.is_above or difference.is_below):
        return None
    squared_quantile = _quantile(difference, confidence) ** 2
    market = squared_quantile * difference.market_error**2
    seeds = squared_quantile * max(difference.error**2 - difference.market_error**2, 0.0)
    squared = difference.value**2
    share = (market + math.sqrt(market**2 + 4 * squared * seeds)) / (2 * squared)  # of value^2 x^2 = market x + seeds
    return None if share <= 0 else max(math.ceil(difference.bars / share) - difference.bars, 0)


def _quantile(difference: MeanDifference, confidence: float) -> float:
    freedom = math.inf if difference.degrees_of_freedom is None else difference.degrees_of_freedom
    return t_quantile(freedom, confidence)
