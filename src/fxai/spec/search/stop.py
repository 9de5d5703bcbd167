"""Stop rules: end a study before `n_trials`, by its finished trials."""

from pydantic import Field

from fxai.spec.fields.defaults import MAX_COUNT, MAX_STEPS
from fxai.spec.fields.record import Record


class Stop(Record):
    """Stop rules. When one of them applies, no further trial starts. Without a value a rule is off."""

    patience: int | None = Field(
        default=None,
        ge=1,
        le=MAX_COUNT,
        description="finished trials in a row without an improvement of the best value",
    )
    min_delta: float = Field(
        default=0.0, ge=0, description="change of the best value that an improvement must exceed, for patience"
    )
    value: float | None = Field(default=None, description="best value at which the study ends")
    env_steps: int | None = Field(
        default=None,
        ge=1,
        le=MAX_STEPS,
        description="environment steps of all trials together, pruned and failed trials included",
    )
