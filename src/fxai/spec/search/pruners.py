"""Optuna's pruners by class name, each with its own arguments under Optuna's names.

Steps are update numbers: `n_warmup_steps`, `interval_steps` and the resources count updates. The defaults are
Optuna's, except for the ten warm-up updates of pruners with a warm-up.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, JsonValue, Tag, model_validator

from fxai.spec.fields.defaults import MAX_COUNT, MAX_STEPS
from fxai.spec.fields.import_path import IMPORTED, OPTUNAS, ImportPath, class_origin
from fxai.spec.fields.record import Record

_AT_FIRST = "number of finished trials before the first trial is pruned"
_WARM_UP = "updates of every trial before it can be pruned"
_INTERVAL = "updates between two decisions of the pruner"
Resource: TypeAlias = Annotated[int, Field(ge=1, le=MAX_STEPS)] | Literal["auto"]


class MedianPruner(Record):
    """Prunes a trial whose best value so far is worse than the median of the finished trials at the same step."""

    type: Literal["MedianPruner"] = "MedianPruner"
    n_startup_trials: int = Field(default=5, ge=0, le=MAX_COUNT, description=_AT_FIRST)
    n_warmup_steps: int = Field(default=10, ge=0, le=MAX_STEPS, description=_WARM_UP)
    interval_steps: int = Field(default=1, ge=1, le=MAX_STEPS, description=_INTERVAL)
    n_min_trials: int = Field(
        default=1,
        ge=1,
        le=MAX_COUNT,
        description="number of trials that must have reported a step before trials are pruned at it",
    )


class PercentilePruner(Record):
    """Keeps the best `percentile` percent of the trials at each step. 50 is the median."""

    type: Literal["PercentilePruner"] = "PercentilePruner"
    percentile: float = Field(ge=0, le=100, description="percentage of the trials that continue")
    n_startup_trials: int = Field(default=5, ge=0, le=MAX_COUNT, description=_AT_FIRST)
    n_warmup_steps: int = Field(default=10, ge=0, le=MAX_STEPS, description=_WARM_UP)
    interval_steps: int = Field(default=1, ge=1, le=MAX_STEPS, description=_INTERVAL)
    n_min_trials: int = Field(
        default=1,
        ge=1,
        le=MAX_COUNT,
        description="number of trials that must have reported a step before trials are pruned at it",
    )


class SuccessiveHalvingPruner(Record):
    """Asynchronous successive halving (ASHA): one of every `reduction_factor` trials passes each rung."""

    type: Literal["SuccessiveHalvingPruner"] = "SuccessiveHalvingPruner"
    min_resource: Resource = Field(default="auto", description="updates before the first rung")
    reduction_factor: int = Field(default=4, ge=2, le=MAX_COUNT, description="one of this many trials passes a rung")
    min_early_stopping_rate: int = Field(
        default=0, ge=0, le=MAX_COUNT, description="number of first rungs that are skipped"
    )
    bootstrap_count: int = Field(
        default=0, ge=0, le=MAX_COUNT, description="number of trials that must reach a rung before it prunes"
    )

    @model_validator(mode="after")
    def _bootstrap_needs_resource(self) -> "SuccessiveHalvingPruner":
        if self.bootstrap_count and self.min_resource == "auto":
            raise ValueError("bootstrap_count needs a min_resource that is a number of updates")
        return self


class HyperbandPruner(Record):
    """Hyperband: successive halving in several brackets."""

    type: Literal["HyperbandPruner"] = "HyperbandPruner"
    min_resource: int = Field(default=1, ge=1, le=MAX_STEPS, description="updates before the first rung")
    max_resource: Resource = Field(default="auto", description="updates of a complete trial")
    reduction_factor: int = Field(default=3, ge=2, le=MAX_COUNT, description="one of this many trials passes a rung")
    bootstrap_count: int = Field(
        default=0, ge=0, le=MAX_COUNT, description="number of trials that must reach a rung before it prunes"
    )

    @model_validator(mode="after")
    def _resources_agree(self) -> "HyperbandPruner":
        if self.max_resource == "auto":
            if self.bootstrap_count:
                raise ValueError("bootstrap_count needs a max_resource that is a number of updates")
        elif self.max_resource < self.min_resource:
            raise ValueError(f"max_resource {self.max_resource} is below min_resource {self.min_resource}")
        return self


class ThresholdPruner(Record):
    """Prunes a trial whose value is outside [lower, upper]."""

    type: Literal["ThresholdPruner"] = "ThresholdPruner"
    lower: float | None = Field(default=None, description="lower bound; a trial below it is pruned")
    upper: float | None = Field(default=None, description="upper bound; a trial above it is pruned")
    n_warmup_steps: int = Field(default=10, ge=0, le=MAX_STEPS, description=_WARM_UP)
    interval_steps: int = Field(default=1, ge=1, le=MAX_STEPS, description=_INTERVAL)

    @model_validator(mode="after")
    def _has_a_bound(self) -> "ThresholdPruner":
        if self.lower is None and self.upper is None:
            raise ValueError("ThresholdPruner needs lower, upper or both")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower {self.lower:g} is above upper {self.upper:g}")
        return self


class NopPruner(Record):
    """Never prunes."""

    type: Literal["NopPruner"] = "NopPruner"


WrappedPruner: TypeAlias = Annotated[
    MedianPruner | PercentilePruner | SuccessiveHalvingPruner | HyperbandPruner | ThresholdPruner | NopPruner,
    Field(discriminator="type"),
]


class PatientPruner(Record):
    """Asks `wrapped_pruner` after `patience` reports without an improvement. Without one it prunes the trial then."""

    type: Literal["PatientPruner"] = "PatientPruner"
    patience: int = Field(ge=0, le=MAX_COUNT, description="number of reports without an improvement")
    min_delta: float = Field(default=0.0, ge=0, description="change that an improvement must exceed")
    wrapped_pruner: WrappedPruner | None = Field(
        default=None, description="pruner that decides; without it the trial is pruned"
    )


class ImportedPruner(Record):
    """A pruner class by import path, with its arguments as further keys."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]
    type: ImportPath


OptunaPruner: TypeAlias = Annotated[
    MedianPruner
    | PercentilePruner
    | SuccessiveHalvingPruner
    | HyperbandPruner
    | ThresholdPruner
    | PatientPruner
    | NopPruner,
    Field(discriminator="type"),
]

Pruner: TypeAlias = Annotated[
    Annotated[OptunaPruner, Tag(OPTUNAS)] | Annotated[ImportedPruner, Tag(IMPORTED)], Discriminator(class_origin)
]
