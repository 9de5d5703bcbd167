"""The search space: one record per kind of parameter."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fxai.spec.record import Record

Choice: TypeAlias = bool | int | float | str | None


class FloatParameter(Record):
    """A real number in [low, high], on a linear or a logarithmic scale, or on steps from low."""

    kind: Literal["float"] = "float"
    name: str
    low: float
    high: float
    log: bool = False
    step: float | None = Field(default=None, gt=0)


class IntParameter(Record):
    """A whole number from low to high, both included."""

    kind: Literal["int"] = "int"
    name: str
    low: int
    high: int
    log: bool = False
    step: int = Field(default=1, ge=1)


class CategoricalParameter(Record):
    """One of some choices."""

    kind: Literal["categorical"] = "categorical"
    name: str
    choices: tuple[Choice, ...] = Field(min_length=1)


Parameter: TypeAlias = Annotated[FloatParameter | IntParameter | CategoricalParameter, Field(discriminator="kind")]
