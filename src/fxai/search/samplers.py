"""Builds Optuna's samplers from records of a spec, a new sampler for each trial.

Optuna's samplers have no state outside the study, so a new sampler costs little, and its seed can depend on the trial's
number. Where a seed sets a whole sequence (QMC) or order (grid), it is the study's seed. TPE's intermediate results are
cached between trials (`tpe.py`).
"""

import warnings
from collections.abc import Sequence
from typing import TypeAlias

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from fxai.search.custom_classes import imported_sampler
from fxai.search.grid import GridPointsSampler
from fxai.search.seeds import sampler_seed
from fxai.search.tpe import CachedTPESampler, TpeCache
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.samplers import (
    BruteForceSampler,
    CmaEsSampler,
    GPSampler,
    GridSampler,
    ImportedSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    Sampler,
    TPESampler,
)

_OtherSampler: TypeAlias = (
    RandomSampler | GPSampler | QMCSampler | GridSampler | BruteForceSampler | NSGAIISampler | NSGAIIISampler
)


def is_exhaustive(record: Sampler) -> bool:
    """Whether the sampler proposes every point once and then ends."""
    return isinstance(record, GridSampler | BruteForceSampler)


class Samplers:
    """The samplers of one study, one per trial; a seed in the record replaces the study's seed.

    `source_trials` are completed trials of another study. CMA-ES receives them as an argument; other samplers find them
    in the study.
    """

    def __init__(
        self,
        record: Sampler,
        parameters: Sequence[Parameter],
        study_seed: int,
        source_trials: Sequence[FrozenTrial] = (),
    ) -> None:
        self._record = record
        self._parameters = parameters
        own = None if isinstance(record, ImportedSampler) else record.seed
        self._seed = study_seed if own is None else own
        self._cache = TpeCache()
        self._source_trials = source_trials

    def for_trial(self, number: int) -> BaseSampler:
        """The sampler that proposes this trial."""
        seed = sampler_seed(self._seed, number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            if isinstance(self._record, ImportedSampler):
                return imported_sampler(self._record, seed)
            if isinstance(self._record, TPESampler):
                return _tpe(self._record, seed, self._cache)
            if isinstance(self._record, CmaEsSampler):
                return _cma_es(self._record, seed, self._source_trials)
            return _build(self._record, self._parameters, base=self._seed, own=seed)


def _tpe(record: TPESampler, seed: int, cache: TpeCache) -> BaseSampler:
    sampler = CachedTPESampler(
        n_startup_trials=record.n_startup_trials,
        n_ei_candidates=record.n_ei_candidates,
        multivariate=record.multivariate,
        group=record.group,
        constant_liar=record.constant_liar,
        seed=seed,
    )
    sampler.cache = cache
    sampler.shares_common_space = record.multivariate and not record.group
    return sampler


def _build(record: _OtherSampler, parameters: Sequence[Parameter], *, base: int, own: int) -> BaseSampler:
    match record:
        case RandomSampler():
            return optuna.samplers.RandomSampler(seed=own)
        case GPSampler():
            return optuna.samplers.GPSampler(
                n_startup_trials=record.n_startup_trials,
                deterministic_objective=record.deterministic_objective,
                warn_independent_sampling=record.warn_independent_sampling,
                seed=own,
            )
        case QMCSampler():
            return _qmc(record, base, own)
        case GridSampler():
            return GridPointsSampler(parameters, seed=base)
        case BruteForceSampler():
            # All parameters of a trial are asked at once, so `avoid_premature_stop` is not needed; it would repeat
            # points of running trials.
            return optuna.samplers.BruteForceSampler(seed=own)
        case NSGAIISampler() | NSGAIIISampler():
            return _genetic(record, own)


def _cma_es(record: CmaEsSampler, seed: int, source_trials: Sequence[FrozenTrial]) -> BaseSampler:
    return optuna.samplers.CmaEsSampler(
        n_startup_trials=record.n_startup_trials,
        warn_independent_sampling=record.warn_independent_sampling,
        consider_pruned_trials=record.consider_pruned_trials,
        popsize=record.popsize,
        use_separable_cma=record.use_separable_cma,
        with_margin=record.with_margin,
        lr_adapt=record.lr_adapt,
        source_trials=None if record.use_separable_cma or not source_trials else list(source_trials),
        seed=seed,
    )


def _qmc(record: QMCSampler, sequence_seed: int, seed: int) -> BaseSampler:
    return optuna.samplers.QMCSampler(
        qmc_type=record.qmc_type,
        scramble=record.scramble,
        warn_asynchronous_seeding=record.warn_asynchronous_seeding,
        warn_independent_sampling=record.warn_independent_sampling,
        seed=sequence_seed,
        # for values that the sequence does not cover: the first trial, categorical parameters
        independent_sampler=optuna.samplers.RandomSampler(seed=seed),
    )


def _genetic(record: NSGAIISampler | NSGAIIISampler, seed: int) -> BaseSampler:
    if isinstance(record, NSGAIISampler):
        return optuna.samplers.NSGAIISampler(
            population_size=record.population_size,
            mutation_prob=record.mutation_prob,
            crossover_prob=record.crossover_prob,
            swapping_prob=record.swapping_prob,
            seed=seed,
        )
    return optuna.samplers.NSGAIIISampler(
        population_size=record.population_size,
        mutation_prob=record.mutation_prob,
        crossover_prob=record.crossover_prob,
        swapping_prob=record.swapping_prob,
        dividing_parameter=record.dividing_parameter,
        seed=seed,
    )
