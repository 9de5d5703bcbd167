"""Perturbs and resamples parameter values. The functions are pure; random numbers are arguments.

Source: the explore step of population based training (Jaderberg et al. 2017, arXiv 1711.09846, section 4.1.2).
"""

import math
from collections.abc import Sequence

from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    after_steps,
    count_values,
    is_number,
    is_rate,
    nearest_value,
)


def perturbed(parameter: Parameter, value: Choice, factor: float) -> Choice:
    """The value times the factor, within the range.

    Of a choice, the next value if the factor is above 1, else the previous one. A continuous value of 0 stays 0 until
    it is resampled. Of a rate near 1 (such as gamma), the distance to 1 is multiplied: 0.99 and 0.999 are horizons of
    100 and 1,000 steps, and 1.2 times either would exceed the range. On a grid of steps the value changes by at least
    one step if there is another value.
    """
    if isinstance(parameter, CategoricalParameter):
        return parameter.choices[
            _neighbour(_choice_index(parameter.choices, value), len(parameter.choices), up=factor > 1)
        ]
    start = nearest_value(parameter, value)
    if not is_number(start):
        return start
    number = 1 - (1 - start) * factor if is_rate(parameter) else start * factor
    inside = min(max(number, parameter.low), parameter.high)
    count = count_values(parameter)
    if parameter.step is None or count is None:
        return inside
    before, after = (round((each - parameter.low) / parameter.step) for each in (start, inside))
    if min(after, count - 1) != before:
        return after_steps(parameter, min(after, count - 1))
    up = number > start or (number == start and factor > 1)
    return after_steps(parameter, _neighbour(before, count, up=up))


def resampled(parameter: Parameter, uniform: float) -> Choice:
    """A value of the range, selected by a uniform random number on [0, 1)."""
    match parameter:
        case CategoricalParameter(choices=choices):
            return choices[int(uniform * len(choices))]
        case IntParameter(log=True, step=1, low=low, high=high):
            number = round(_between(low - 0.5, high + 0.5, uniform, log=True))
            return min(max(number, low), high)
        case IntParameter(log=True) | FloatParameter(log=True) | FloatParameter(step=None):
            return nearest_value(parameter, _between(parameter.low, parameter.high, uniform, log=parameter.log))
    return after_steps(parameter, int(uniform * (count_values(parameter) or 1)))


def _between(low: float, high: float, uniform: float, *, log: bool) -> float:
    return low * math.exp(uniform * math.log(high / low)) if log else low + uniform * (high - low)


def _choice_index(choices: Sequence[Choice], value: Choice) -> int:
    """Index of the value among the choices; 1 and True differ."""
    return next((place for place, each in enumerate(choices) if each == value and type(each) is type(value)), 0)


def _neighbour(place: int, count: int, *, up: bool) -> int:
    """The adjacent index; on the other side at the end of the range; the same if there is only one value."""
    wanted = place + (1 if up else -1)
    if not 0 <= wanted < count:
        wanted = place - (1 if up else -1)
    return min(max(wanted, 0), count - 1)
