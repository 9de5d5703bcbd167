"""The search space: one record per kind of parameter."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, TypeGuard

from pydantic import BeforeValidator, Field, model_validator

from fxai.spec.fields import as_choice
from fxai.spec.record import Record

_LOW = "least value"
_HIGH = "greatest value, included"
_LOG = "a logarithmic scale"
_STEP = "distance of two values, counted from low"
Choice: TypeAlias = bool | int | float | str | None
# As users write it: a list becomes its JSON text, for a study's database can hold no lists (`of_choice` reads it).
WrittenChoice: TypeAlias = Annotated[Choice, BeforeValidator(as_choice, json_schema_input_type=Choice | list[int])]


def _each_as_set(written: Any) -> Any:
    """`{model.type: gru}` means the same as `{model.type: [gru]}`."""
    if not isinstance(written, dict):
        return written
    return {name: value if isinstance(value, list | tuple) else (value,) for name, value in written.items()}


Condition: TypeAlias = Annotated[
    Mapping[str, Annotated[tuple[WrittenChoice, ...], Field(min_length=1)]], BeforeValidator(_each_as_set)
]


class Searched(Record):
    """What every parameter has besides its values."""

    name: str = Field(description="a field of training_config, or a name of your own with a path")
    path: str = Field(default="", description="the field of training_config that it sets; its name unless given")
    when: Condition = Field(
        default_factory=dict, description="it exists only where each of these names has one of its values"
    )

    @model_validator(mode="before")
    @classmethod
    def _path_is_name(cls, written: Any) -> Any:
        if isinstance(written, dict) and not written.get("path"):
            return {**written, "path": written.get("name", "")}
        return written


class FloatParameter(Searched):
    """A real number in [low, high], on a linear or a logarithmic scale, or on steps from low."""

    kind: Literal["float"] = "float"
    low: float = Field(description=_LOW)
    high: float = Field(description=_HIGH)
    log: bool = Field(default=False, description=_LOG)
    step: float | None = Field(default=None, gt=0, description=_STEP)

    @model_validator(mode="after")
    def _range_exists(self) -> "FloatParameter":
        _check_range(self.low, self.high, log=self.log, stepped=self.step is not None)
        return self


class IntParameter(Searched):
    """A whole number from low to high, both included."""

    kind: Literal["int"] = "int"
    low: int = Field(description=_LOW)
    high: int = Field(description=_HIGH)
    log: bool = Field(default=False, description=_LOG)
    step: int = Field(default=1, ge=1, description=_STEP)

    @model_validator(mode="after")
    def _range_exists(self) -> "IntParameter":
        _check_range(self.low, self.high, log=self.log, stepped=self.step != 1)
        return self


class CategoricalParameter(Searched):
    """One of some choices."""

    kind: Literal["categorical"] = "categorical"
    choices: tuple[WrittenChoice, ...] = Field(min_length=1, description="what it may be; lists of numbers too")

    @model_validator(mode="after")
    def _choices_differ(self) -> "CategoricalParameter":
        for place, choice in enumerate(self.choices):
            if choice in self.choices[:place]:
                raise ValueError(f"choice {choice!r} is given twice")
        return self


Parameter: TypeAlias = Annotated[FloatParameter | IntParameter | CategoricalParameter, Field(discriminator="kind")]


def _check_range(low: float, high: float, *, log: bool, stepped: bool) -> None:
    if low > high:
        raise ValueError(f"low {low:g} is above high {high:g}")
    if log and low <= 0:
        raise ValueError(f"a logarithmic scale needs low above 0, not {low:g}")
    if log and stepped:
        raise ValueError("a logarithmic scale takes no step")


def is_number(value: Choice) -> TypeGuard[int | float]:
    """Whether a choice is one; truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_rate(parameter: FloatParameter | IntParameter) -> bool:
    """Whether its values are rates near one, such as gamma, in which the distance from one is what matters."""
    return parameter.low >= 1 / 2 and parameter.high < 1


def count_values(parameter: Parameter) -> int | None:
    """How many values a parameter can take; None for a continuous one."""
    match parameter:
        case CategoricalParameter(choices=choices):
            return len(choices)
        case IntParameter(low=low, high=high, step=step):
            return (high - low) // step + 1
        case FloatParameter(low=low, high=high, step=None):
            return 1 if low == high else None
        case FloatParameter(low=low, high=high, step=float(step)):
            return int((_exact(high) - _exact(low)) // _exact(step)) + 1
    return None


def grid_values(parameter: Parameter) -> tuple[Choice, ...]:
    """Every value that a finite parameter can take, in order; `ValueError` for a continuous one."""
    count = count_values(parameter)
    if count is None:
        raise ValueError(f"{parameter.name} is continuous")
    if isinstance(parameter, CategoricalParameter):
        return parameter.choices
    return tuple(after_steps(parameter, steps) for steps in range(count))


def contains(parameter: Parameter, value: Choice) -> bool:
    """Whether the parameter can take this value."""
    if isinstance(parameter, CategoricalParameter):
        return any(each == value and isinstance(each, bool) == isinstance(value, bool) for each in parameter.choices)
    if not is_number(value) or not parameter.low <= value <= parameter.high:
        return False
    steps = (value - parameter.low) / (parameter.step or math.inf)
    return math.isclose(steps, round(steps), rel_tol=0, abs_tol=1e-8)


def nearest_value(parameter: Parameter, value: Choice) -> Choice:
    """The value nearest to this one that the parameter can take; its first choice or its middle if none is near."""
    if contains(parameter, value):
        return value
    number = value if is_number(value) else None
    if isinstance(parameter, CategoricalParameter):
        numbers = [each for each in parameter.choices if is_number(each)]
        if number is None or not numbers:
            return parameter.choices[0]
        return min(numbers, key=lambda each: abs(each - number))
    inside = min(max(_middle(parameter) if number is None else number, parameter.low), parameter.high)
    count = count_values(parameter)
    if parameter.step is None or count is None:
        return inside
    return after_steps(parameter, min(round((inside - parameter.low) / parameter.step), count - 1))


def after_steps(parameter: FloatParameter | IntParameter, steps: int) -> Choice:
    """The value so many steps above the low end, exact to the digits in which they are written."""
    if isinstance(parameter, IntParameter):
        return parameter.low + steps * parameter.step
    return float(_exact(parameter.low) + steps * _exact(parameter.step or 0.0))


def _exact(number: float) -> Decimal:
    """The number as it was written: 0.1 and not what a float makes of it."""
    return Decimal(str(number))


def _middle(parameter: FloatParameter | IntParameter) -> float:
    if parameter.log:
        return math.sqrt(parameter.low * parameter.high)
    return (parameter.low + parameter.high) / 2
