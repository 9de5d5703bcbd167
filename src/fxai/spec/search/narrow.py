"""Narrows the range of a parameter around the best value of another study."""

import math

from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    after_steps,
    count_values,
    is_number,
    nearest_value,
)


def narrow_range(parameter: Parameter, best: Choice, width: float) -> Parameter:
    """Returns the parameter with a narrower range around the best value, within its bounds.

    On a logarithmic scale the length of a range is that of the logarithms. A range on steps or of whole numbers keeps
    at least one value on each side of the best value. Of numeric choices the best one and its neighbours are kept.
    Other choices, and ranges whose best value is not a number, are not changed.

    Args:
        parameter: The parameter.
        best: The best value.
        width: The length of the new range as a fraction of the old one.
    """
    if isinstance(parameter, CategoricalParameter):
        return parameter.model_copy(update={"choices": _neighbours(parameter.choices, best)})
    if not is_number(best):
        return parameter
    centre = float(nearest_value(parameter, best))  # type: ignore[arg-type]  # the nearest value to a number is a number
    low, high = _around(parameter, centre, width)
    count = count_values(parameter)
    if parameter.step is None or count is None:
        # Rounding must not move an end beyond a bound or beyond the best value.
        ends: tuple[Choice, Choice] = max(min(low, centre), parameter.low), min(max(high, centre), parameter.high)
    else:
        ends = _on_steps(parameter, parameter.step, centre, (low, high), count - 1)
    return parameter.model_copy(update={"low": ends[0], "high": ends[1]})


def _around(parameter: FloatParameter | IntParameter, centre: float, width: float) -> tuple[float, float]:
    """Returns ends whose distance, on the parameter's scale, is `width` times that of its bounds."""
    scale, back = (math.log, math.exp) if parameter.log else (float, float)
    low, high = scale(parameter.low), scale(parameter.high)
    length = (high - low) * width
    begin = min(max(scale(centre) - length / 2, low), high - length)
    return back(begin), back(begin + length)


def _on_steps(
    parameter: FloatParameter | IntParameter, step: float, centre: float, ends: tuple[float, float], most: int
) -> tuple[Choice, Choice]:
    """Returns the ends moved inwards to values on steps, with at least one step on each side of the centre."""
    at, slack = round((centre - parameter.low) / step), 1e-9
    below = min(math.ceil((ends[0] - parameter.low) / step - slack), at - 1)
    above = max(math.floor((ends[1] - parameter.low) / step + slack), at + 1)
    return after_steps(parameter, max(below, 0)), after_steps(parameter, min(above, most))


def _neighbours(choices: tuple[Choice, ...], best: Choice) -> tuple[Choice, ...]:
    ordered = sorted(each for each in choices if is_number(each))
    if len(ordered) < len(choices) or not is_number(best):
        return choices
    place = min(range(len(ordered)), key=lambda place: abs(ordered[place] - best))
    kept = ordered[max(place - 1, 0) : place + 2]
    return tuple(each for each in choices if each in kept)
