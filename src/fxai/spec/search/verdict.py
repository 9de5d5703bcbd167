"""`verdict: {...}`: a test of the best trial on bars that the search did not use, at the end of a run."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from fxai.spec.fields.defaults import MAX_SEEDS
from fxai.spec.fields.record import Record
from fxai.spec.search.switch import ABSENT, OFF, SETTINGS, Off, WrittenSwitch, read_switch, switch_tag


class VerdictConfig(Record):
    """The committees, the bounds and the neighbourhood of a verdict."""

    seeds: int = Field(
        default=8, ge=2, le=MAX_SEEDS, description="agents of each committee, each trained on a fresh seed"
    )
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="confidence of each one-sided bound at the first look at the bars"
    )
    neighbours: int = Field(
        default=8,
        ge=0,
        le=64,
        description="trainings of configurations near the best trial, scored on validation; 0 for none",
    )


OptionalVerdict: TypeAlias = Annotated[
    Annotated[VerdictConfig, Tag(SETTINGS)] | Annotated[Off, Tag(OFF)] | Annotated[None, Tag(ABSENT)],
    Discriminator(switch_tag),
    BeforeValidator(read_switch, json_schema_input_type=VerdictConfig | WrittenSwitch | None),
]
"""A verdict or `off`; None if the key is absent, see `with_winner_defaults`."""
