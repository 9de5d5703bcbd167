"""Optuna's samplers by class name, each with its own arguments."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fxai.spec.record import Record


class TPESampler(Record):
    type: Literal["TPESampler"] = "TPESampler"
    n_startup_trials: int = Field(default=10, ge=0)
    n_ei_candidates: int = Field(default=24, ge=1)
    multivariate: bool = True
    seed: int | None = None


Sampler: TypeAlias = Annotated[TPESampler, Field()]
