"""Smaller ranges around a value that was found to be good."""

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


def narrowed(parameter: Parameter, best: Choice, width: float) -> Parameter:
    """The parameter with a range `width` times as long around the best value, moved to stay within its bounds.

    Lengths are those of logarithms on a logarithmic scale. On steps, and of whole numbers, at least one to each side
    stays; of choices that are numbers the best and its neighbours. Other choices stay as they are, and so does a
    range where the best value is no number.
    """
    if isinstance(parameter, CategoricalParameter):
        return parameter.model_copy(update={"choices": _neighbours(parameter.choices, best)})
    if not is_number(best):
        return parameter
    centre = float(nearest_value(parameter, best))  # type: ignore[arg-type]  # of a number it is one
    low, high = _around(parameter, centre, width)
    count = count_values(parameter)
    if parameter.step is None or count is None:
        # Rounding must not carry an end past a bound, nor past the best value.
        ends: tuple[Choice, Choice] = max(min(low, centre), parameter.low), min(max(high, centre), parameter.high)
    else:
        ends = _on_steps(parameter, parameter.step, centre, (low, high), count - 1)
    return parameter.model_copy(update={"low": ends[0], "high": ends[1]})


def _around(parameter: FloatParameter | IntParameter, centre: float, width: float) -> tuple[float, float]:
    """Ends whose distance, on the parameter's scale, is `width` times that of its bounds."""
    scale, back = (math.log, math.exp) if parameter.log else (float, float)
    low, high = scale(parameter.low), scale(parameter.high)
    length = (high - low) * width
    begin = min(max(scale(centre) - length / 2, low), high - length)
    return back(begin), back(begin + length)


def _on_steps(
    parameter: FloatParameter | IntParameter, step: float, centre: float, ends: tuple[float, float], most: int
) -> tuple[Choice, Choice]:
    """The ends moved inwards to the parameter's own values, counted in steps from its low end."""
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
