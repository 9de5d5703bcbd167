"""`confirm: {...}`: the best trials train again on fresh seeds, and their fresh values choose the best one."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from fxai.spec.fields.defaults import MAX_SEEDS
from fxai.spec.fields.record import Record
from fxai.spec.search.switch import ABSENT, OFF, SETTINGS, Off, WrittenSwitch, read_switch, switch_tag


class Confirmation(Record):
    """A race of the best trials and trial 0 on seeds that the search did not use.

    The value of the best trial of a search is too good, because it was chosen for its value. The race trains the
    candidates on equal fresh seeds, a few at a time, and drops those that are clearly worse. The best trial is the
    candidate with the best mean over its fresh seeds.
    """

    candidates: int = Field(default=8, ge=1, le=1_000, description="number of best trials; trial 0 takes part as well")
    seeds: int = Field(default=16, ge=2, le=MAX_SEEDS, description="greatest number of fresh seeds of a candidate")
    budget: float = Field(
        default=0.3,
        gt=0,
        le=100,
        description="greatest share of the search's environment steps, or prompts of training, that the race takes",
    )


OptionalConfirmation: TypeAlias = Annotated[
    Annotated[Confirmation, Tag(SETTINGS)] | Annotated[Off, Tag(OFF)] | Annotated[None, Tag(ABSENT)],
    Discriminator(switch_tag),
    BeforeValidator(read_switch, json_schema_input_type=Confirmation | WrittenSwitch | None),
]
"""A confirmation or `off`; None if the key is absent, see `with_winner_defaults`."""
