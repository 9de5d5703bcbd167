"""Computes values on steps exactly, by the decimal digits of low and step: 0.1 + 2 * 0.1 is 0.3.

Samplers, Optuna's distributions and older databases have 0.30000000000000004 instead. The functions are used for the
parameters of specs and of databases.
"""

import math
from decimal import Context, Decimal
from functools import lru_cache

MAX_EXACT_INT = 2**53  # studies' databases store numbers as floats, which represent each whole number up to here
_EXACT = Context(prec=800)  # for sums of any two floats
_ROUNDED = Context(prec=40)
_FEWEST_APART = (
    4  # least step in units of the spacing of floats; closer values are not distinguishable from rounding errors
)
_TIE = 1e-6  # relative to a step
_DRIFT = 1e-12  # largest rounding error, relative to the greatest number of the range


def count_steps(low: float, high: float, step: float) -> int:
    """Returns the number of values on steps from low to high, both included."""
    if isinstance(low, int) and isinstance(high, int) and isinstance(step, int):
        return (high - low) // step + 1
    length = _EXACT.subtract(decimal_of(high), decimal_of(low))
    return int(_EXACT.divide_int(length, decimal_of(step))) + 1


def on_step(low: float, step: float, steps: int) -> float:
    """Returns the value `steps` steps above low; a whole number if low and step are."""
    if isinstance(low, int) and isinstance(step, int):
        return low + steps * step
    return float(_EXACT.add(decimal_of(low), _EXACT.multiply(Decimal(steps), decimal_of(step))))


def nearest_on_step(value: float, low: float, high: float, step: float) -> float:
    """Returns the nearest value on steps from low to high, exact in decimal digits."""
    inside = min(max(value, low), high)
    steps = round((inside - low) / step)
    length = _EXACT.subtract(decimal_of(inside), decimal_of(low))
    exact = float(_ROUNDED.divide(length, decimal_of(step)))
    if abs(exact - steps) > 1 / 2 + _TIE:  # with many steps the quotient of floats can be wrong by a step or more
        steps = round(exact)
    return on_step(low, step, min(steps, count_steps(low, high, step) - 1))


def is_on_step(value: float, low: float, high: float, step: float) -> bool:
    """Whether a value is on a step, apart from rounding errors of floats."""
    return low <= value <= high and _is_drifted(value, nearest_on_step(value, low, high, step), low, high, step)


@lru_cache(maxsize=65536)
def without_rounding_error(value: float, low: float, high: float, step: float) -> float:
    """Returns a value on steps without rounding errors of floats; any other value unchanged."""
    nearest = nearest_on_step(value, low, high, step)
    return nearest if _is_drifted(value, nearest, low, high, step) else value


def _is_drifted(value: float, nearest: float, low: float, high: float, step: float) -> bool:
    return abs(nearest - value) <= min(_DRIFT * max(abs(low), abs(high)), step / _FEWEST_APART)


def neighbours(value: float, low: float, high: float, step: float) -> tuple[float, float]:
    """Returns the values on steps below and above a value between them."""
    nearest = nearest_on_step(value, low, high, step)
    steps = count_steps(low, nearest, step) - 1
    return (nearest, on_step(low, step, steps + 1)) if nearest < value else (on_step(low, step, steps - 1), nearest)


def is_multiple(value: float, step: float) -> bool:
    """Whether a value is a multiple of the step, by their decimal digits."""
    return _EXACT.remainder(decimal_of(value), decimal_of(step)) == 0


def step_problem(low: float, high: float, step: float) -> str | None:
    """Returns the reason why floats cannot represent steps of this size, or None."""
    spacing = math.ulp(max(abs(low), abs(high)))
    if step < _FEWEST_APART * spacing or count_steps(low, high, step) > MAX_EXACT_INT:
        return (
            f"step {step:g} is too small for a range from {low:g} to {high:g}; as floats some of the values are equal"
        )
    return None


def decimal_of(number: float) -> Decimal:
    """Returns the number with the decimal digits in which it is written, such as 0.1."""
    return Decimal(repr(number))
