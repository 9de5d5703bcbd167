"""`confirm: {...}`: the best trials train again on fresh seeds, and their fresh values choose the best one."""

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from fxai.spec.fields.defaults import MAX_SEEDS
from fxai.spec.fields.record import Record


class Confirmation(Record):
    """A race of the best trials and trial 0 on seeds that the search did not use.

    The value of the best trial of a search is too good, because it was chosen for its value. The race trains the
    candidates on equal fresh seeds, a few at a time, and drops those that are clearly worse. The best trial is the
    candidate with the best mean over its fresh seeds.
    """

    candidates: int = Field(default=8, ge=1, le=1_000, description="number of best trials; trial 0 takes part as well")
    seeds: int = Field(default=16, ge=2, le=MAX_SEEDS, description="greatest number of fresh seeds of a candidate")
    budget: float = Field(
        default=0.3, gt=0, le=100, description="greatest share of the search's environment steps that the race takes"
    )


def without_off(written: Any) -> Any:
    """None for `off`."""
    return None if written == "off" or written is False else written


OptionalConfirmation: TypeAlias = Annotated[Confirmation | None, BeforeValidator(without_off)]
"""A confirmation; None if it is `off`."""
