"""Position of a value in its parameter's range."""

import math
from collections.abc import Sequence

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from fxai.protocol import ParamValue
from fxai.spec.search.parameters import is_number

_ORDERED = 3  # fewest choices with an order; of two choices, each is at an end


def position(distribution: BaseDistribution, value: ParamValue) -> float | None:
    """The position of a value: 0 at the low end of the range, 1 at the high end, on the range's scale.

    For three or more numeric choices the position is the value's index among the sorted choices.

    Returns:
        The position; None for a range without order, or with one value.
    """
    match distribution:
        case FloatDistribution() | IntDistribution() if is_number(value) and distribution.low < distribution.high:
            low, high = float(distribution.low), float(distribution.high)
            if distribution.log:
                return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
            return (value - low) / (high - low)
        case CategoricalDistribution() if (rising := sorted_numeric_choices(distribution)) and value in rising:
            return rising.index(value) / (len(rising) - 1)
    return None


def ends(distribution: BaseDistribution) -> tuple[ParamValue, ParamValue] | None:
    """The values at positions 0 and 1; None for a range without order."""
    match distribution:
        case FloatDistribution() | IntDistribution():
            return distribution.low, distribution.high
        case CategoricalDistribution() if rising := sorted_numeric_choices(distribution):
            return rising[0], rising[-1]
    return None


def sorted_numeric_choices(distribution: CategoricalDistribution) -> list[int | float]:
    """The sorted choices if they are three or more numbers; else an empty list."""
    numbers = sorted(choice for choice in distribution.choices if is_number(choice))
    return numbers if len(numbers) == len(distribution.choices) >= _ORDERED else []


def choices_of(distribution: BaseDistribution) -> tuple[ParamValue, ...] | None:
    """The choices; None for a range of numbers."""
    return tuple(distribution.choices) if isinstance(distribution, CategoricalDistribution) else None


def spanning(distributions: Sequence[BaseDistribution]) -> BaseDistribution | None:
    """The smallest range that contains all of these; None if they have different kinds.

    The range is logarithmic if all are.
    """
    lists = [sorted_numeric_choices(each) for each in distributions if isinstance(each, CategoricalDistribution)]
    if lists:
        choices = {choice for each in lists for choice in each}
        return CategoricalDistribution(sorted(choices)) if len(lists) == len(distributions) and all(lists) else None
    numbers = [each for each in distributions if isinstance(each, FloatDistribution | IntDistribution)]
    low, high = min(each.low for each in numbers), max(each.high for each in numbers)
    return FloatDistribution(float(low), float(high), log=all(each.log for each in numbers))
