"""Parameters of the search space: one record per kind."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeGuard

from pydantic import BeforeValidator, Field, field_validator, model_validator

from fxai.spec.fields.field_paths import as_choice
from fxai.spec.fields.record import Record
from fxai.spec.search.steps import (
    MAX_EXACT_INT,
    count_steps,
    is_multiple,
    is_on_step,
    nearest_on_step,
    neighbours,
    on_step,
    step_problem,
)

_LOW = "least value, included"
_HIGH = "greatest value, included"
_LOG = "whether the scale is logarithmic"
_STEP = "distance between two values, counted from low; on a logarithmic scale proposals are rounded to its multiples"
Choice: TypeAlias = bool | int | float | str | None
_SHOWN_DIGITS = 24  # most digits of a whole number in a message


def _storable(value: Any) -> Any:
    """Refuses a whole number that the database cannot store exactly."""
    if isinstance(value, int) and (reason := not_storable(value)):
        raise ValueError(reason)
    return value


def _as_float(value: Any) -> Any:
    """Accepts any whole number that equals a float as an end of a range."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    try:
        return value if float(value) == value else _storable(value)
    except OverflowError:
        raise ValueError(f"{shortened(value)} is greater than any float") from None


def not_storable(value: Any) -> str | None:
    """Returns the reason why the database, which stores numbers as floats, would change a number, or None."""
    if not is_number(value) or isinstance(value, float) or abs(value) <= MAX_EXACT_INT:
        return None
    limit = f"2^53 ({MAX_EXACT_INT}), the greatest whole number that a study's database stores exactly"
    return f"{shortened(value)} is beyond {limit}; write an identifier as text, in quotes"


def shortened(number: float) -> str:
    """Returns a number as text for messages; only the count of digits if there are very many."""
    if not isinstance(number, int) or number.bit_length() < 3 * _SHOWN_DIGITS:
        return f"{number}"
    return f"a whole number of {int(number.bit_length() * math.log10(2)) + 1} digits"


# A choice of a spec file: a list becomes JSON text, because Optuna stores no lists. `field_value_of` parses it.
WrittenChoice: TypeAlias = Annotated[
    Choice,
    BeforeValidator(lambda value: as_choice(_storable(value)), json_schema_input_type=Choice | list[float | str]),
]


def _each_as_set(written: Any) -> Any:
    """Expands the short form of a condition: `{model.type: gru}` means `{model.type: [gru]}`."""
    if not isinstance(written, dict):
        return written
    return {name: value if isinstance(value, list | tuple) else (value,) for name, value in written.items()}


Condition: TypeAlias = Annotated[
    Mapping[str, Annotated[tuple[WrittenChoice, ...], Field(min_length=1)]], BeforeValidator(_each_as_set)
]


class SearchParameter(Record):
    """The keys of every kind of parameter."""

    name: str = Field(description="field of training_config, or a name of your own with a path")
    path: str = Field(default="", description="field of training_config that the parameter sets; by default its name")
    when: Condition = Field(
        default_factory=dict,
        description="the parameter exists only if each parameter named here has one of the values given",
    )

    @model_validator(mode="before")
    @classmethod
    def _path_is_name(cls, written: Any) -> Any:
        if isinstance(written, dict) and not written.get("path"):
            return {**written, "path": written.get("name", "")}
        return written


class FloatParameter(SearchParameter):
    """A real number in [low, high], on a linear or a logarithmic scale, or on steps from low."""

    kind: Literal["float"] = "float"
    low: float = Field(description=_LOW)
    high: float = Field(description=_HIGH)
    log: bool = Field(default=False, description=_LOG)
    step: float | None = Field(default=None, gt=0, description=_STEP)

    _ends = field_validator("low", "high", "step", mode="before")(_as_float)

    @model_validator(mode="after")
    def _range_exists(self) -> "FloatParameter":
        _check_range(self.low, self.high, log=self.log, step=self.step)
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"{self.low:g} to {self.high:g} is wider than any float; use a narrower range")
        if self.step is not None and (reason := step_problem(self.low, self.high, self.step)):
            raise ValueError(reason)
        return self


class IntParameter(SearchParameter):
    """A whole number from low to high, both included."""

    kind: Literal["int"] = "int"
    low: int = Field(description=_LOW)
    high: int = Field(description=_HIGH)
    log: bool = Field(default=False, description=_LOG)
    step: int = Field(default=1, ge=1, description=_STEP)

    _ends = field_validator("low", "high", "step", mode="before")(_storable)

    @model_validator(mode="after")
    def _range_exists(self) -> "IntParameter":
        _check_range(self.low, self.high, log=self.log, step=self.step)
        if self.high - self.low > MAX_EXACT_INT:
            raise ValueError(f"{self.low} to {self.high} contains more than 2^53 whole numbers; use a narrower range")
        return self


class CategoricalParameter(SearchParameter):
    """One of the given choices."""

    kind: Literal["categorical"] = "categorical"
    choices: tuple[WrittenChoice, ...] = Field(
        min_length=1, description="values of the parameter; lists of numbers are allowed"
    )

    @model_validator(mode="after")
    def _choices_differ(self) -> "CategoricalParameter":
        for place, choice in enumerate(self.choices):
            if choice in self.choices[:place]:
                raise ValueError(f"choice {choice!r} is given twice")
        return self


Parameter: TypeAlias = Annotated[FloatParameter | IntParameter | CategoricalParameter, Field(discriminator="kind")]


def _check_range(low: float, high: float, *, log: bool, step: float | None) -> None:
    if low > high:
        raise ValueError(f"low {low:g} is above high {high:g}")
    if log and low <= 0:
        raise ValueError(f"a logarithmic scale needs low above 0, not {low:g}")
    if log and step is not None and not is_multiple(low, step):
        raise ValueError(f"values on a logarithmic scale are rounded to multiples of {step:g}; low {low:g} is not one")


def is_number(value: Choice) -> TypeGuard[int | float]:
    """Whether a choice is a number. Booleans are not numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_rate(parameter: FloatParameter | IntParameter) -> bool:
    """Whether the values are rates near one, such as gamma, for which the distance from one matters."""
    return parameter.low >= 1 / 2 and parameter.high < 1


def count_values(parameter: Parameter) -> int | None:
    """Returns the number of values of a parameter; None for a continuous parameter."""
    match parameter:
        case CategoricalParameter(choices=choices):
            return len(choices)
        case FloatParameter(low=low, high=high, step=None):
            return 1 if low == high else None
    return count_steps(parameter.low, parameter.high, parameter.step or 1)


def grid_values(parameter: Parameter) -> tuple[Choice, ...]:
    """Returns all values of a finite parameter, in order.

    Raises:
        ValueError: The parameter is continuous.
    """
    count = count_values(parameter)
    if count is None:
        raise ValueError(f"{parameter.name} is continuous")
    if isinstance(parameter, CategoricalParameter):
        return parameter.choices
    return tuple(after_steps(parameter, steps) for steps in range(count))


def contains(parameter: Parameter, value: Choice) -> bool:
    """Whether the parameter can take this value. A value on steps may have a rounding error of floats."""
    if isinstance(parameter, CategoricalParameter):
        return any(each == value and isinstance(each, bool) == isinstance(value, bool) for each in parameter.choices)
    if not is_number(value) or not parameter.low <= value <= parameter.high:
        return False
    return parameter.step is None or is_on_step(value, parameter.low, parameter.high, parameter.step)


def why_outside(parameter: Parameter, value: Choice) -> str:
    """Returns the reason why the parameter cannot have this value."""
    if isinstance(parameter, CategoricalParameter):
        return f"{value!r} is not one of the parameter's choices"
    if not is_number(value) or parameter.step is None or not parameter.low <= value <= parameter.high:
        return f"{value!r} is outside the parameter's range, {parameter.low} to {parameter.high}"
    if value > (last := nearest_value(parameter, parameter.high)):  # type: ignore[operator]  # a number for a numeric parameter
        return f"{value!r} is beyond the last step, {last}"
    below, above = neighbours(value, parameter.low, parameter.high, parameter.step)
    return f"{value!r} is between two steps; use {below} or {above}"


def nearest_value(parameter: Parameter, value: Choice) -> Choice:
    """Returns the nearest value that the parameter can have.

    It is the first choice or the middle of the range if `value` cannot be compared with the parameter's values.
    Trial 0, enqueued trials and the proposals of samplers are rounded by this function.
    """
    if isinstance(parameter, CategoricalParameter):
        return _nearest_choice(parameter.choices, value)
    inside = min(max(value if is_number(value) else _middle(parameter), parameter.low), parameter.high)
    return inside if parameter.step is None else nearest_on_step(inside, parameter.low, parameter.high, parameter.step)


def _nearest_choice(choices: tuple[Choice, ...], value: Choice) -> Choice:
    same = [each for each in choices if each == value and isinstance(each, bool) == isinstance(value, bool)]
    numbers = [each for each in choices if is_number(each)]
    if same or not numbers or not is_number(value):
        return (*same, choices[0])[0]
    return min(numbers, key=lambda each: abs(each - value))


def after_steps(parameter: FloatParameter | IntParameter, steps: int) -> Choice:
    """Returns the value `steps` steps above `low`, with the decimal digits of `low` and the step."""
    return on_step(parameter.low, parameter.step or 0.0, steps)


def _middle(parameter: FloatParameter | IntParameter) -> float:
    low, high = parameter.low, parameter.high
    if not parameter.log:
        return (low + high) / 2 if math.isfinite(low + high) else low / 2 + high / 2
    product = low * high
    return math.sqrt(product) if 0 < product < math.inf else math.sqrt(low) * math.sqrt(high)
