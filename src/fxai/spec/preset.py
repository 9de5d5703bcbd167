"""A preset: how long and how to search, whatever is searched."""

from pydantic import Field

from fxai.spec.defaults import MOST
from fxai.spec.population import PopulationSearch
from fxai.spec.pruners import Pruner
from fxai.spec.record import Record
from fxai.spec.samplers import Sampler
from fxai.spec.stop import Stop


class Preset(Record):
    """Settings of a study under their own names; what is not given stays as the study has it."""

    n_trials: int | None = Field(default=None, ge=1, le=MOST, description="total that the study shall reach")
    sampler: Sampler | None = None
    pruner: Pruner | None = None
    search: PopulationSearch | None = Field(default=None, description="trials as populations")
    timeout: float | None = Field(default=None, gt=0, description="seconds after which no new trial starts")
    stop: Stop | None = Field(default=None, description="rules that end the study before its total")
    seeds_per_trial: int | None = Field(default=None, ge=1, le=1_000, description="trainings of each trial")
    max_concurrent_trials: int | None = Field(default=None, ge=1, le=MOST, description="trials in flight")
