"""Draws configurations around a search's winner: each numeric parameter is moved by a tenth of its range."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.spec.search.parameters import (
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    is_number,
    nearest_value,
)

SHARE = 0.1
"""The move of a parameter as a share of its range, on the scale of the search."""

_MOST_STARTED = 512  # directions of all designs from which the search for balanced ones begins
_DRAWS = 50  # random directions for each configuration that is still missing after the design


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A configuration near the winner's."""

    params: Mapping[str, Choice]  # all parameters of the trial
    moves: Mapping[str, float]  # of each parameter that can be moved, in tenths of its range; 0 if it was not moved


def draw_neighbours(
    parameters: Sequence[Parameter],
    winner: Mapping[str, Choice],
    count: int,
    seed: int,
    is_allowed: Callable[[Mapping[str, Choice]], bool],
) -> tuple[Neighbour, ...]:
    """Draw at most `count` different configurations.

    In each configuration all numeric parameters are moved together, up or down. The directions are balanced, so that
    the effects of the parameters can be told apart. A parameter is not moved beyond the ends of its range. A whole
    number, or a value on steps, is moved by at least one step. Choices stay, and so does a parameter that decides which
    other parameters exist.

    Args:
        parameters: The search space.
        winner: The winner's parameters.
        count: Number of configurations. There are fewer if few different ones exist, e.g. two with one parameter.
        seed: Seed of the directions.
        is_allowed: Whether a configuration is valid and meets the constraints.
    """
    moved = list(_movable(parameters, winner))
    found: dict[tuple[Choice, ...], Neighbour] = {}
    if not moved or not count:
        return ()
    for signs in _directions(count, len(moved), np.random.default_rng(seed)):
        values = {each.name: each.values[0 if sign < 0 else 2] for each, sign in zip(moved, signs, strict=True)}
        params = {**winner, **values}
        moves = {each.name: each.tenths(values[each.name]) for each in moved}
        if any(moves.values()) and tuple(values.values()) not in found and is_allowed(params):
            found[tuple(values.values())] = Neighbour(params, moves)
        if len(found) == count:
            break
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Moved:
    """A parameter with the values that it can be moved to."""

    parameter: FloatParameter | IntParameter
    values: tuple[float, float, float]  # moved down, the winner's, moved up

    @classmethod
    def of(cls, parameter: FloatParameter | IntParameter, value: float) -> "_Moved":
        return cls(parameter, (_moved(parameter, value, -1), value, _moved(parameter, value, 1)))

    @property
    def name(self) -> str:
        return self.parameter.name

    def tenths(self, value: float) -> float:
        """How far a value is from the winner's, in tenths of the range."""
        low, high, start, end = (
            _scaled(self.parameter, each) for each in (*_ends(self.parameter), self.values[1], value)
        )
        return (end - start) / (high - low) / SHARE


def _movable(parameters: Sequence[Parameter], winner: Mapping[str, Choice]) -> Iterator[_Moved]:
    """The numeric parameters inside their ranges, without those that decide which others exist."""
    deciding = {name for each in parameters for name in each.when}
    for parameter in parameters:
        value = winner.get(parameter.name)
        if isinstance(parameter, FloatParameter | IntParameter) and is_number(value) and contains(parameter, value):
            stays = {parameter.name, parameter.path} & deciding or parameter.low == parameter.high
            if not stays and set((moved := _Moved.of(parameter, value)).values) != {value}:
                yield moved


def _moved(parameter: FloatParameter | IntParameter, value: float, sign: int) -> float:
    """The value a tenth of the range above or below, inside the range; the same value if there is none."""
    low, high = (_scaled(parameter, each) for each in _ends(parameter))
    target = min(max(_scaled(parameter, value) + sign * SHARE * (high - low), low), high)
    moved = nearest_value(parameter, math.exp(target) if parameter.log else target)
    if moved == value and parameter.step is not None and contains(parameter, value + sign * parameter.step):
        moved = nearest_value(parameter, value + sign * parameter.step)
    if not is_number(moved):
        raise TypeError(f"{parameter.name} is numeric, but its nearest value is {moved!r}")
    return moved


def _ends(parameter: FloatParameter | IntParameter) -> tuple[float, float]:
    return parameter.low, parameter.high


def _scaled(parameter: FloatParameter | IntParameter, value: float) -> float:
    return math.log(value) if parameter.log else float(value)


def _directions(count: int, parameters: int, rng: np.random.Generator) -> Iterator[NDArray[np.int_]]:
    """Directions of the parameters, -1 or 1, for one configuration after the other: first a design, then at random."""
    yield from _balanced(count, parameters, rng)
    for _ in range(_DRAWS * count):
        yield _random_signs((parameters,), rng)


def _balanced(count: int, parameters: int, rng: np.random.Generator) -> NDArray[np.int_]:
    """Directions of `count` configurations, [configuration, parameter], whose columns are as uncorrelated as possible.

    Single directions are changed while that lowers the correlations. Of several starts the best result is taken. Eight
    configurations of up to seven parameters are uncorrelated, and each parameter moves up as often as down.
    """
    starts = max(_MOST_STARTED // (count * parameters), 1)
    designs = [_improved(_random_signs((count, parameters), rng)) for _ in range(starts)]
    return min(designs, key=_correlation)


def _improved(signs: NDArray[np.int_]) -> NDArray[np.int_]:
    columns = _with_ones(signs)
    products = columns.T @ columns
    changed = True
    while changed:
        changed = False
        for row, column in np.ndindex(signs.shape):
            place = column + 1
            after = products[place] - 2 * columns[row, place] * columns[row]
            after[place] = products[place, place]
            if _size(after) < _size(products[place]):
                columns[row, place] *= -1
                products[place], products[:, place], changed = after, after, True
    return columns[:, 1:]


def _correlation(signs: NDArray[np.int_]) -> int:
    columns = _with_ones(signs)
    return _size(np.triu(columns.T @ columns, 1))


def _with_ones(signs: NDArray[np.int_]) -> NDArray[np.int_]:
    """The columns with one of ones before them: a column without a product with it is up as often as down."""
    return np.column_stack([np.ones(len(signs), np.int_), signs])


def _size(products: NDArray[np.int_]) -> int:
    """Sum of the fourth powers: several small products are better than a large one, which two equal columns have."""
    return int((products**4).sum())


def _random_signs(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int_]:
    return 2 * rng.integers(0, 2, shape) - 1
