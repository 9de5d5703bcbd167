"""From sampler records to Optuna's samplers, one new sampler for each trial that is asked.

Optuna's samplers keep what they learn in the study, so a new one costs little, and its seed can follow
the trial's number. Where a seed fixes a whole sequence (QMC) or order (Grid), it is the study's. What TPE
need not work out anew for each trial is handed from one to the next (`tpe.py`).
"""

import warnings
from collections.abc import Sequence
from typing import TypeAlias

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from fxai.search.custom_classes import imported_sampler
from fxai.search.grid import EachPointOnce
from fxai.search.seeds import sampler_seed
from fxai.search.tpe import Remembered, RememberingTPE
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


def tries_every_point(record: Sampler) -> bool:
    """Whether the sampler comes to an end, having proposed every point once."""
    return isinstance(record, GridSampler | BruteForceSampler)


class Samplers:
    """The samplers of one study, one for each trial; a record's own seed goes before the study's.

    `earlier` are completed trials of another study to start from. Other samplers find them in the study; CMA-ES
    looks there only for what it proposed itself.
    """

    def __init__(
        self, record: Sampler, parameters: Sequence[Parameter], study_seed: int, earlier: Sequence[FrozenTrial] = ()
    ) -> None:
        self._record = record
        self._parameters = parameters
        own = None if isinstance(record, ImportedSampler) else record.seed
        self._seed = study_seed if own is None else own
        self._remembered = Remembered()
        self._earlier = earlier

    def for_trial(self, number: int) -> BaseSampler:
        """The sampler that proposes this trial."""
        seed = sampler_seed(self._seed, number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            if isinstance(self._record, ImportedSampler):
                return imported_sampler(self._record, seed)
            if isinstance(self._record, TPESampler):
                return _tpe(self._record, seed, self._remembered)
            if isinstance(self._record, CmaEsSampler):
                return _cma_es(self._record, seed, self._earlier)
            return _build(self._record, self._parameters, base=self._seed, own=seed)


def _tpe(record: TPESampler, seed: int, remembered: Remembered) -> BaseSampler:
    sampler = RememberingTPE(
        n_startup_trials=record.n_startup_trials,
        n_ei_candidates=record.n_ei_candidates,
        multivariate=record.multivariate,
        group=record.group,
        constant_liar=record.constant_liar,
        seed=seed,
    )
    sampler.remembered = remembered
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
            return EachPointOnce(parameters, seed=base)
        case BruteForceSampler():
            # A trial is asked with all its parameters at once, so that no stop is ever premature and
            # `avoid_premature_stop` would only repeat points that are running.
            return optuna.samplers.BruteForceSampler(seed=own)
        case NSGAIISampler() | NSGAIIISampler():
            return _genetic(record, own)


def _cma_es(record: CmaEsSampler, seed: int, earlier: Sequence[FrozenTrial]) -> BaseSampler:
    return optuna.samplers.CmaEsSampler(
        n_startup_trials=record.n_startup_trials,
        warn_independent_sampling=record.warn_independent_sampling,
        consider_pruned_trials=record.consider_pruned_trials,
        popsize=record.popsize,
        use_separable_cma=record.use_separable_cma,
        with_margin=record.with_margin,
        lr_adapt=record.lr_adapt,
        source_trials=None if record.use_separable_cma or not earlier else list(earlier),
        seed=seed,
    )


def _qmc(record: QMCSampler, sequence_seed: int, seed: int) -> BaseSampler:
    return optuna.samplers.QMCSampler(
        qmc_type=record.qmc_type,
        scramble=record.scramble,
        warn_asynchronous_seeding=record.warn_asynchronous_seeding,
        warn_independent_sampling=record.warn_independent_sampling,
        seed=sequence_seed,
        # What the sequence does not cover (the first trial, categorical parameters) is drawn anew each time.
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
