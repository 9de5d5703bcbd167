"""Where a value lies in its parameter's range."""

import math
from collections.abc import Sequence

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from fxai.protocol import ParamValue
from fxai.spec.search.parameters import is_number

_ORDERED = 3  # choices; of two, each is at an edge


def position(distribution: BaseDistribution, value: ParamValue) -> float | None:
    """0 at the range's low end, 1 at its high, on the range's own scale; None where it has no order, or one value.

    Of three or more numbers to choose from, in whatever order, the places among them count.
    """
    match distribution:
        case FloatDistribution() | IntDistribution() if is_number(value) and distribution.low < distribution.high:
            low, high = float(distribution.low), float(distribution.high)
            if distribution.log:
                return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
            return (value - low) / (high - low)
        case CategoricalDistribution() if (rising := rising_choices(distribution)) and value in rising:
            return rising.index(value) / (len(rising) - 1)
    return None


def ends(distribution: BaseDistribution) -> tuple[ParamValue, ParamValue] | None:
    """The values at positions 0 and 1; None where there is no order."""
    match distribution:
        case FloatDistribution() | IntDistribution():
            return distribution.low, distribution.high
        case CategoricalDistribution() if rising := rising_choices(distribution):
            return rising[0], rising[-1]
    return None


def rising_choices(distribution: CategoricalDistribution) -> list[int | float]:
    """The choices in their order, where they are three numbers or more; else none."""
    numbers = sorted(choice for choice in distribution.choices if is_number(choice))
    return numbers if len(numbers) == len(distribution.choices) >= _ORDERED else []


def choices_of(distribution: BaseDistribution) -> tuple[ParamValue, ...] | None:
    """What there is to choose from; None of a range of numbers."""
    return tuple(distribution.choices) if isinstance(distribution, CategoricalDistribution) else None


def spanning(distributions: Sequence[BaseDistribution]) -> BaseDistribution | None:
    """A range that holds all of these, on a logarithmic scale where each is on one; None where they do not fit."""
    lists = [rising_choices(each) for each in distributions if isinstance(each, CategoricalDistribution)]
    if lists:
        choices = {choice for each in lists for choice in each}
        return CategoricalDistribution(sorted(choices)) if len(lists) == len(distributions) and all(lists) else None
    numbers = [each for each in distributions if isinstance(each, FloatDistribution | IntDistribution)]
    low, high = min(each.low for each in numbers), max(each.high for each in numbers)
    return FloatDistribution(float(low), float(high), log=all(each.log for each in numbers))
