"""A preset: how long and how to search, whatever is searched."""

from pydantic import Field

from fxai.spec.population import PopulationSearch
from fxai.spec.pruners import Pruner
from fxai.spec.record import Record
from fxai.spec.samplers import Sampler
from fxai.spec.stop import Stop


class Preset(Record):
    """Settings of a study under their own names; what is not given stays as the study has it."""

    n_trials: int | None = Field(default=None, ge=1)
    sampler: Sampler | None = None
    pruner: Pruner | None = None
    search: PopulationSearch | None = None
    timeout: float | None = Field(default=None, gt=0)
    stop: Stop | None = None
    seeds_per_trial: int | None = Field(default=None, ge=1)
    max_concurrent_trials: int | None = Field(default=None, ge=1)
