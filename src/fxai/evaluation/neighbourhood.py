"""The configurations around a search's best trial, with their values, as a verdict stores them.

`fxai.evaluation.compare_neighbours` makes this record and states its test. Reading it loads no SciPy.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, Any

from annotated_types import Ge
from pydantic import ConfigDict, FiniteFloat, JsonValue, TypeAdapter, ValidationError

from fxai.errors import InputError

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class NeighbourScore:
    """A configuration near the winner's, with its values on fresh seeds."""

    __pydantic_config__ = _STRICT

    params: dict[str, int | float]  # the parameters that can be moved
    seeds: tuple[int, ...]  # whose trainings have a value
    value: FiniteFloat | None  # mean over these seeds; None if all trainings failed
    is_within: bool | None  # not worse than the winner by more than its standard error; None if that is unknown


@dataclass(frozen=True, slots=True)
class Slope:
    """How the value changes with one parameter, by a line through the differences to the winner."""

    __pydantic_config__ = _STRICT

    parameter: str
    winner: int | float  # the winner's parameter
    change: FiniteFloat | None  # of the value, when the parameter rises by a tenth of its range; None if not moved
    error: FiniteFloat | None  # standard error; None with too few trainings
    is_clear: bool  # the change differs from 0, at 5 % for all parameters together


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The winner's value beside those of configurations around it, all on validation and on equal fresh seeds."""

    __pydantic_config__ = _STRICT

    metric: str
    maximize: bool
    value: FiniteFloat  # the winner's: mean over its fresh seeds
    standard_error: FiniteFloat | None  # of the winner's value: seeds and stretch of market
    seeds: Annotated[int, Ge(1)]  # of the winner
    neighbours: tuple[NeighbourScore, ...]
    difference: FiniteFloat | None  # mean of the neighbours minus the winner on equal seeds; None without a value
    difference_error: FiniteFloat | None  # of the seeds
    is_peak: bool | None  # the neighbours are lower, by the test and by more than a standard error; None if unknown
    slopes: tuple[Slope, ...]

    @property
    def scored(self) -> int:
        """Number of neighbours with a value."""
        return sum(each.value is not None for each in self.neighbours)

    @property
    def within(self) -> int | None:
        """Number of neighbours that are not worse than the winner by more than its standard error."""
        if self.standard_error is None:
            return None
        return sum(each.is_within is True for each in self.neighbours)

    @property
    def steepest(self) -> Slope | None:
        """The parameter along which the score falls fastest; None if no slope can be told from the error."""
        clear = [each for each in self.slopes if each.is_clear]
        return max(clear, key=lambda each: abs(each.change or 0.0), default=None)

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Neighbourhood":
        """Inverse of `as_json`, also after a round trip through JSON.

        Raises:
            InputError: If the document is not a complete neighbourhood of this version.
        """
        try:
            return _adapter().validate_json(json.dumps(document))
        except (ValidationError, ValueError, TypeError) as error:
            raise InputError(f"the neighbourhood of the verdict cannot be read: {error}") from None


@cache
def _adapter() -> TypeAdapter[Neighbourhood]:
    return TypeAdapter(Neighbourhood)
