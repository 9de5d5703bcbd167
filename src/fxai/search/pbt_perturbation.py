"""Other values of a parameter: near a good one, or anywhere in its range. Pure; chance comes as numbers.

The explore step of population based training (Jaderberg et al. 2017, arXiv 1711.09846, section 4.1.2).
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
    """The value times the factor, within the range; a choice's neighbour, the next one where the factor is above 1.

    A 0 that is not counted stays 0, and waits for a draw.

    Of a rate near one it is the distance from one that is multiplied: 0.99 and 0.999 are horizons of 100 and
    1,000 steps, and times 1.2 both would be the end of the range. Where values are counted, it is another one
    than before if there is another; so the next where the product is rounded to the same.
    """
    if isinstance(parameter, CategoricalParameter):
        return parameter.choices[_neighbour(_place(parameter.choices, value), len(parameter.choices), up=factor > 1)]
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


def drawn(parameter: Parameter, chance: float) -> Choice:
    """A value anywhere in the range, by a number that is uniform on [0, 1)."""
    match parameter:
        case CategoricalParameter(choices=choices):
            return choices[int(chance * len(choices))]
        case IntParameter(log=True, step=1, low=low, high=high):
            number = round(_between(low - 0.5, high + 0.5, chance, log=True))
            return min(max(number, low), high)
        case IntParameter(log=True) | FloatParameter(log=True) | FloatParameter(step=None):
            return nearest_value(parameter, _between(parameter.low, parameter.high, chance, log=parameter.log))
    return after_steps(parameter, int(chance * (count_values(parameter) or 1)))


def _between(low: float, high: float, chance: float, *, log: bool) -> float:
    return low * math.exp(chance * math.log(high / low)) if log else low + chance * (high - low)


def _place(choices: Sequence[Choice], value: Choice) -> int:
    """Which of the choices it is; 1 and True are two."""
    return next((place for place, each in enumerate(choices) if each == value and type(each) is type(value)), 0)


def _neighbour(place: int, count: int, *, up: bool) -> int:
    """The place beside, on the other side where the range ends; the same where there is but one."""
    wanted = place + (1 if up else -1)
    if not 0 <= wanted < count:
        wanted = place - (1 if up else -1)
    return min(max(wanted, 0), count - 1)
