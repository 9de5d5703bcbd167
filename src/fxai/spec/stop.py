"""When a study ends before its total: rules that its finished trials decide."""

from pydantic import Field

from fxai.spec.defaults import MOST, MOST_STEPS
from fxai.spec.record import Record


class Stop(Record):
    """Rules, any of which starts no further trial once it holds; none unless given."""

    patience: int | None = Field(
        default=None, ge=1, le=MOST, description="finished trials in a row without an improvement of the best value"
    )
    min_delta: float = Field(default=0.0, ge=0, description="what an improvement must exceed to count for patience")
    value: float | None = Field(default=None, description="a best value that is good enough")
    env_steps: int | None = Field(
        default=None,
        ge=1,
        le=MOST_STEPS,
        description="environment steps of all trials together, those of pruned and failed ones too",
    )
