"""A preset: budget, sampler and pruner, independent of the search space."""

from pydantic import Field

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.record import Record
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import Pruner
from fxai.spec.search.samplers import Sampler
from fxai.spec.search.stop import Stop


class Preset(Record):
    """Settings of a study under their own names. Settings that are not given keep the values of the study."""

    n_trials: int | None = Field(default=None, ge=1, le=MAX_COUNT, description="total number of trials of the study")
    sampler: Sampler | None = None
    pruner: Pruner | None = None
    search: PopulationSearch | None = Field(
        default=None, description="population based training, instead of sampler and pruner"
    )
    timeout: float | None = Field(default=None, gt=0, description="seconds after which no new trial starts")
    stop: Stop | None = Field(default=None, description="rules that end the study before n_trials")
    seeds_per_trial: int | None = Field(
        default=None, ge=1, le=1_000, description="trainings per trial, each with its own seed"
    )
    max_concurrent_trials: int | None = Field(
        default=None, ge=1, le=MAX_COUNT, description="greatest number of running trials"
    )
