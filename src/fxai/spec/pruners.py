"""Optuna's pruners by class name, each with its own arguments; steps are update numbers."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fxai.spec.record import Record


class MedianPruner(Record):
    type: Literal["MedianPruner"] = "MedianPruner"
    n_startup_trials: int = Field(default=5, ge=0)
    n_warmup_steps: int = Field(default=10, ge=0)
    interval_steps: int = Field(default=1, ge=1)
    n_min_trials: int = Field(default=1, ge=1)


Pruner: TypeAlias = Annotated[MedianPruner, Field()]
