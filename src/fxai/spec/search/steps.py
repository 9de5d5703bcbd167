"""Values on steps, exact to the digits in which low end and step are written: 0.1 + 2 * 0.1 is 0.3.

Samplers, Optuna's distributions and older databases have 0.30000000000000004 for it. Pure functions of numbers, for
parameters of a spec and for what a database says of them.
"""

import math
from decimal import Context, Decimal
from functools import lru_cache

MOST_WHOLE = 2**53  # databases of studies keep numbers as floats, which hold each whole number up to here
_EXACT = Context(prec=800)  # for sums of any two floats
_ROUNDED = Context(prec=40)
_FEWEST_APART = 4  # of a float's spacing: closer values could not be told from drift
_TIE = 1e-6  # of a step
_DRIFT = 1e-12  # of the range's greatest number


def count_steps(low: float, high: float, step: float) -> int:
    """How many values there are from low to high, both included where a step leads there."""
    if isinstance(low, int) and isinstance(high, int) and isinstance(step, int):
        return (high - low) // step + 1
    length = _EXACT.subtract(written(high), written(low))
    return int(_EXACT.divide_int(length, written(step))) + 1


def on_step(low: float, step: float, steps: int) -> float:
    """The value so many steps above low; a whole number if low and step are."""
    if isinstance(low, int) and isinstance(step, int):
        return low + steps * step
    return float(_EXACT.add(written(low), _EXACT.multiply(Decimal(steps), written(step))))


def snapped(value: float, low: float, high: float, step: float) -> float:
    """The value on steps from low to high that lies nearest, in the digits as written."""
    inside = min(max(value, low), high)
    steps = round((inside - low) / step)
    length = _EXACT.subtract(written(inside), written(low))
    exact = float(_ROUNDED.divide(length, written(step)))
    if abs(exact - steps) > 1 / 2 + _TIE:  # of many steps a float's quotient is a step or more beside
        steps = round(exact)
    return on_step(low, step, min(steps, count_steps(low, high, step) - 1))


def is_on_step(value: float, low: float, high: float, step: float) -> bool:
    """Whether a value is one of those on steps, but for the drift of sums of floats."""
    return low <= value <= high and _is_drifted(value, snapped(value, low, high, step), low, high, step)


@lru_cache(maxsize=65536)
def undrifted(value: float, low: float, high: float, step: float) -> float:
    """A value on steps as it is written; any other as it is."""
    nearest = snapped(value, low, high, step)
    return nearest if _is_drifted(value, nearest, low, high, step) else value


def _is_drifted(value: float, nearest: float, low: float, high: float, step: float) -> bool:
    return abs(nearest - value) <= min(_DRIFT * max(abs(low), abs(high)), step / _FEWEST_APART)


def neighbours(value: float, low: float, high: float, step: float) -> tuple[float, float]:
    """The values on steps below and above one that lies between them."""
    nearest = snapped(value, low, high, step)
    steps = count_steps(low, nearest, step) - 1
    return (nearest, on_step(low, step, steps + 1)) if nearest < value else (on_step(low, step, steps - 1), nearest)


def is_multiple(value: float, step: float) -> bool:
    """Whether a value is a whole number of steps, both by their digits."""
    return _EXACT.remainder(written(value), written(step)) == 0


def why_not_countable(low: float, high: float, step: float) -> str | None:
    """Why steps of this size cannot be told apart in floats; None where they can."""
    spacing = math.ulp(max(abs(low), abs(high)))
    if step < _FEWEST_APART * spacing or count_steps(low, high, step) > MOST_WHOLE:
        return f"step {step:g} is too small for a range from {low:g} to {high:g}; floats cannot tell the values apart"
    return None


def written(number: float) -> Decimal:
    """The number as it was written: 0.1 and not what a float makes of it."""
    return Decimal(repr(number))
