"""The mean over seeds or parts of a span, and its standard error. The formulas are here only."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value: NaN if infinities cancel out, infinite if it exceeds all floats."""
    try:
        return fmean(values)
    except ValueError:  # both infinities
        return math.nan
    except OverflowError:
        return sum(value / len(values) for value in values)


def standard_error(values: Sequence[float]) -> float:
    """Standard error of the mean of n values, s / sqrt(n).

    s is the sample standard deviation, whose divisor is n - 1. NaN if there are fewer than two values, or if a value
    is not finite.
    """
    if len(values) < 2 or not all(map(math.isfinite, values)):  # noqa: PLR2004
        return math.nan
    return stdev(values) / math.sqrt(len(values))


def standard_error_of_difference(first: float | None, second: float | None) -> float | None:
    """Standard error of the difference of two independent means, sqrt(first^2 + second^2).

    None if the standard error of one of the two is unknown.
    """
    return None if first is None or second is None else math.hypot(first, second)
