"""Optuna's samplers by class name, each with its own arguments under Optuna's names.

Defaults are Optuna 5's, written out because they differ between its versions. Arguments that are
objects or functions, and those that Optuna has deprecated, are left out. `seed` follows the study's
seed unless it is given.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, JsonValue, Tag, model_validator

from fxai.spec.defaults import MOST
from fxai.spec.import_path import IMPORTED, OPTUNAS, ImportPath, home_of
from fxai.spec.record import Record

Seed: TypeAlias = Annotated[
    Annotated[int, Field(ge=0, lt=2**32)] | None, Field(description="of its draws; follows the study's unless given")
]
_AT_FIRST = "trials drawn at random at first"
_WARNS = "warns where a parameter is drawn by itself"
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class TPESampler(Record):
    """Tree-structured Parzen estimator; `constant_liar` counts the trials in flight."""

    type: Literal["TPESampler"] = "TPESampler"
    n_startup_trials: int = Field(default=10, ge=0, le=MOST, description=_AT_FIRST)
    n_ei_candidates: int = Field(
        default=24, ge=1, le=1_000_000, description="draws of which the most promising is taken"
    )
    multivariate: bool = Field(default=True, description="parameters are modelled together")
    group: bool = Field(default=False, description="those that exist together are modelled together")
    constant_liar: bool = Field(default=True, description="trials in flight count as bad, so that others go elsewhere")
    seed: Seed = None

    @model_validator(mode="after")
    def _group_needs_multivariate(self) -> "TPESampler":
        if self.group and not self.multivariate:
            raise ValueError("group: true needs multivariate: true")
        return self


class RandomSampler(Record):
    """Independent draws."""

    type: Literal["RandomSampler"] = "RandomSampler"
    seed: Seed = None


class CmaEsSampler(Record):
    """Covariance matrix adaptation; categorical parameters are drawn at random beside it."""

    type: Literal["CmaEsSampler"] = "CmaEsSampler"
    n_startup_trials: int = Field(default=1, ge=0, le=MOST, description=_AT_FIRST)
    warn_independent_sampling: bool = Field(default=True, description=_WARNS)
    consider_pruned_trials: bool = Field(default=False, description="pruned trials count, with their last value")
    popsize: int | None = Field(
        default=None, ge=2, le=1_000_000, description="trials of a generation; 4 + 3 ln(parameters) unless given"
    )
    use_separable_cma: bool = Field(default=False, description="a diagonal covariance, for many parameters")
    with_margin: bool = Field(default=False, description="keeps whole numbers from getting stuck on one value")
    lr_adapt: bool = Field(default=False, description="adapts its step sizes, for noisy or rugged objectives")
    seed: Seed = None

    @model_validator(mode="after")
    def _one_variant(self) -> "CmaEsSampler":
        if sum((self.use_separable_cma, self.with_margin, self.lr_adapt)) > 1:
            raise ValueError("use_separable_cma, with_margin and lr_adapt exclude each other")
        return self


class GPSampler(Record):
    """Gaussian process with expected improvement."""

    type: Literal["GPSampler"] = "GPSampler"
    n_startup_trials: int = Field(default=10, ge=0, le=MOST, description=_AT_FIRST)
    deterministic_objective: bool = Field(default=False, description="the same parameters always give the same value")
    warn_independent_sampling: bool = Field(default=True, description=_WARNS)
    seed: Seed = None


class QMCSampler(Record):
    """A low-discrepancy sequence; its seed, with `scramble`, fixes the whole of it."""

    type: Literal["QMCSampler"] = "QMCSampler"
    qmc_type: Literal["sobol", "halton"] = Field(default="sobol", description="the sequence")
    scramble: bool = Field(default=False, description="shuffles the sequence by the seed")
    warn_asynchronous_seeding: bool = Field(
        default=True, description="warns where processes may draw different sequences"
    )
    warn_independent_sampling: bool = Field(default=True, description=_WARNS)
    seed: Seed = None


class GridSampler(Record):
    """Every combination once, in random order. Its grid follows from the parameters, which must be finite."""

    type: Literal["GridSampler"] = "GridSampler"
    seed: Seed = None


class BruteForceSampler(Record):
    """Every combination once, drawn one by one; the parameters must be finite."""

    type: Literal["BruteForceSampler"] = "BruteForceSampler"
    avoid_premature_stop: bool = Field(default=False, description="goes on until the running trials have ended too")
    seed: Seed = None


class NSGAIISampler(Record):
    """Genetic algorithm; with one objective its selection is by value alone."""

    type: Literal["NSGAIISampler"] = "NSGAIISampler"
    population_size: int = Field(default=50, ge=2, le=1_000_000, description="trials of a generation")
    mutation_prob: Probability | None = Field(default=None, description="1 / parameters unless given")
    crossover_prob: Probability = Field(default=0.9, description="of a child of two parents")
    swapping_prob: Probability = Field(default=0.5, description="of each parameter to come from the other parent")
    seed: Seed = None


class NSGAIIISampler(Record):
    """NSGA-II with reference points in place of crowding distances."""

    type: Literal["NSGAIIISampler"] = "NSGAIIISampler"
    population_size: int = Field(default=50, ge=2, le=1_000_000, description="trials of a generation")
    mutation_prob: Probability | None = Field(default=None, description="1 / parameters unless given")
    crossover_prob: Probability = Field(default=0.9, description="of a child of two parents")
    swapping_prob: Probability = Field(default=0.5, description="of each parameter to come from the other parent")
    dividing_parameter: int = Field(default=3, ge=1, le=100, description="density of the reference points")
    seed: Seed = None


class ImportedSampler(Record):
    """A sampler by import path, with its arguments beside its type.

    It is made anew for each trial, so that it learns from what the study holds. Where it takes a `seed` and
    none is given, each trial has one of its own; a seed that is given is the same for all.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]
    type: ImportPath


OptunaSampler: TypeAlias = Annotated[
    TPESampler
    | RandomSampler
    | CmaEsSampler
    | GPSampler
    | QMCSampler
    | GridSampler
    | BruteForceSampler
    | NSGAIISampler
    | NSGAIIISampler,
    Field(discriminator="type"),
]

Sampler: TypeAlias = Annotated[
    Annotated[OptunaSampler, Tag(OPTUNAS)] | Annotated[ImportedSampler, Tag(IMPORTED)], Discriminator(home_of)
]
