"""Optuna's samplers by class name, each with its own arguments under Optuna's names.

The defaults are those of Optuna 5, stated here because they differ between versions of Optuna. Arguments that
are objects or functions, and arguments that Optuna has deprecated, are left out. By default `seed` is derived
from the seed of the study.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, JsonValue, Tag, model_validator

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.import_path import IMPORTED, OPTUNAS, ImportPath, class_origin
from fxai.spec.fields.record import Record

Seed: TypeAlias = Annotated[
    Annotated[int, Field(ge=0, lt=2**32)] | None,
    Field(description="seed of the draws; by default derived from the seed of the study"),
]
_AT_FIRST = "number of first trials that are drawn at random"
_WARNS = "warns if a parameter is sampled independently of the others"
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class TPESampler(Record):
    """Tree-structured Parzen estimator. `constant_liar` takes running trials into account."""

    type: Literal["TPESampler"] = "TPESampler"
    n_startup_trials: int = Field(default=10, ge=0, le=MAX_COUNT, description=_AT_FIRST)
    n_ei_candidates: int = Field(
        default=24,
        ge=1,
        le=1_000_000,
        description="number of draws from which the one with the best expected improvement is taken",
    )
    multivariate: bool = Field(default=True, description="models parameters jointly")
    group: bool = Field(default=False, description="models parameters jointly that exist together")
    constant_liar: bool = Field(
        default=True, description="counts running trials as bad, so that proposals differ from them"
    )
    seed: Seed = None

    @model_validator(mode="after")
    def _group_needs_multivariate(self) -> "TPESampler":
        if self.group and not self.multivariate:
            raise ValueError("group: true needs multivariate: true")
        return self


class RandomSampler(Record):
    """Independent random draws."""

    type: Literal["RandomSampler"] = "RandomSampler"
    seed: Seed = None


class CmaEsSampler(Record):
    """Covariance matrix adaptation (CMA-ES). Categorical parameters are drawn at random."""

    type: Literal["CmaEsSampler"] = "CmaEsSampler"
    n_startup_trials: int = Field(default=1, ge=0, le=MAX_COUNT, description=_AT_FIRST)
    warn_independent_sampling: bool = Field(default=True, description=_WARNS)
    consider_pruned_trials: bool = Field(
        default=False, description="whether pruned trials count, with their last value"
    )
    popsize: int | None = Field(
        default=None, ge=2, le=1_000_000, description="trials per generation; 4 + 3 ln(parameters) by default"
    )
    use_separable_cma: bool = Field(default=False, description="uses a diagonal covariance matrix, for many parameters")
    with_margin: bool = Field(
        default=False, description="keeps integer and stepped parameters from staying at one value"
    )
    lr_adapt: bool = Field(default=False, description="adapts the learning rate, for noisy or multimodal objectives")
    seed: Seed = None

    @model_validator(mode="after")
    def _one_variant(self) -> "CmaEsSampler":
        if sum((self.use_separable_cma, self.with_margin, self.lr_adapt)) > 1:
            raise ValueError("use_separable_cma, with_margin and lr_adapt exclude each other")
        return self


class GPSampler(Record):
    """Gaussian process with expected improvement."""

    type: Literal["GPSampler"] = "GPSampler"
    n_startup_trials: int = Field(default=10, ge=0, le=MAX_COUNT, description=_AT_FIRST)
    deterministic_objective: bool = Field(
        default=False, description="whether the same parameters always give the same value"
    )
    warn_independent_sampling: bool = Field(default=True, description=_WARNS)
    seed: Seed = None


class QMCSampler(Record):
    """Quasi-Monte Carlo: a low-discrepancy sequence. With `scramble`, the seed determines the whole sequence."""

    type: Literal["QMCSampler"] = "QMCSampler"
    qmc_type: Literal["sobol", "halton"] = Field(default="sobol", description="kind of the sequence")
    scramble: bool = Field(default=False, description="scrambles the sequence with the seed")
    warn_asynchronous_seeding: bool = Field(default=True, description="warns if processes may draw different sequences")
    warn_independent_sampling: bool = Field(default=True, description=_WARNS)
    seed: Seed = None


class GridSampler(Record):
    """Every combination of values once, in random order. Every parameter must have finitely many values."""

    type: Literal["GridSampler"] = "GridSampler"
    seed: Seed = None


class BruteForceSampler(Record):
    """Every combination of values once, drawn one by one. Every parameter must have finitely many values."""

    type: Literal["BruteForceSampler"] = "BruteForceSampler"
    avoid_premature_stop: bool = Field(default=False, description="continues until the running trials have ended")
    seed: Seed = None


class NSGAIISampler(Record):
    """Genetic algorithm NSGA-II. With one objective it selects by value alone."""

    type: Literal["NSGAIISampler"] = "NSGAIISampler"
    population_size: int = Field(default=50, ge=2, le=1_000_000, description="trials per generation")
    mutation_prob: Probability | None = Field(
        default=None, description="probability of a mutation per parameter; 1 / number of parameters by default"
    )
    crossover_prob: Probability = Field(default=0.9, description="probability of a crossover of two parents")
    swapping_prob: Probability = Field(
        default=0.5, description="probability that a parameter is swapped between the parents"
    )
    seed: Seed = None


class NSGAIIISampler(Record):
    """NSGA-III: NSGA-II with reference points instead of crowding distances."""

    type: Literal["NSGAIIISampler"] = "NSGAIIISampler"
    population_size: int = Field(default=50, ge=2, le=1_000_000, description="trials per generation")
    mutation_prob: Probability | None = Field(
        default=None, description="probability of a mutation per parameter; 1 / number of parameters by default"
    )
    crossover_prob: Probability = Field(default=0.9, description="probability of a crossover of two parents")
    swapping_prob: Probability = Field(
        default=0.5, description="probability that a parameter is swapped between the parents"
    )
    dividing_parameter: int = Field(default=3, ge=1, le=100, description="density of the reference points")
    seed: Seed = None


class ImportedSampler(Record):
    """A sampler class by import path, with its arguments as further keys.

    FxAI makes a new instance for each trial, so the class must learn from the study. If the class takes a `seed`
    and none is given, each trial has its own seed; a seed that is given is the same for all trials.
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
    Annotated[OptunaSampler, Tag(OPTUNAS)] | Annotated[ImportedSampler, Tag(IMPORTED)], Discriminator(class_origin)
]
