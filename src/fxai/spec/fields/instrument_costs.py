"""The costs of single instruments, `env.costs`."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from fxai.spec.fields.record import Record
from fxai.spec.fields.sources import as_name


class InstrumentCosts(Record):
    """Costs of one instrument. A key that is absent has the value of `env`."""

    spread: float | None = Field(default=None, ge=0, lt=1, description="see env.spread")
    slippage_rate: float | None = Field(default=None, ge=0, lt=0.5, description="see env.slippage_rate")
    commission_rate: float | None = Field(default=None, ge=0, lt=1, description="see env.commission_rate")
    swap_long_rate: float | None = Field(default=None, gt=-1, lt=1, description="see env.swap_long_rate")
    swap_short_rate: float | None = Field(default=None, gt=-1, lt=1, description="see env.swap_short_rate")

    def given(self) -> dict[str, float]:
        """Returns the costs that are given, by the names of the fields of `env`."""
        return self.model_dump(exclude_none=True)


class _CostsByName(dict[str, InstrumentCosts]):
    """Costs by the name of the instrument. It has a hash, because configurations are keys of caches."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


CostsByName = Annotated[
    dict[Annotated[str, BeforeValidator(as_name), Field(min_length=1)], InstrumentCosts],
    Field(min_length=1),
    AfterValidator(_CostsByName),
]
"""The costs of instruments by name."""
