"""Builds Optuna's pruners from records of a spec."""

import warnings

import optuna.pruners
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner

from fxai.search.custom_classes import imported_pruner
from fxai.search.hyperband import Hyperband
from fxai.spec.search.pruners import (
    HyperbandPruner,
    ImportedPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    PercentilePruner,
    Pruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
)


def build_pruner(record: Pruner, bracket_study: str | None = None) -> BasePruner:
    """Optuna's pruner for the record.

    Args:
        record: Type and arguments.
        bracket_study: Name of the study whose Hyperband brackets are used.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return _build(record, bracket_study)


def _build(record: Pruner, bracket_study: str | None) -> BasePruner:  # noqa: PLR0911 -- one for each kind
    match record:
        case MedianPruner():
            return optuna.pruners.MedianPruner(
                n_startup_trials=record.n_startup_trials,
                n_warmup_steps=record.n_warmup_steps,
                interval_steps=record.interval_steps,
                n_min_trials=record.n_min_trials,
            )
        case PercentilePruner():
            return optuna.pruners.PercentilePruner(
                record.percentile,
                n_startup_trials=record.n_startup_trials,
                n_warmup_steps=record.n_warmup_steps,
                interval_steps=record.interval_steps,
                n_min_trials=record.n_min_trials,
            )
        case SuccessiveHalvingPruner():
            return optuna.pruners.SuccessiveHalvingPruner(
                min_resource=record.min_resource,
                reduction_factor=record.reduction_factor,
                min_early_stopping_rate=record.min_early_stopping_rate,
                bootstrap_count=record.bootstrap_count,
            )
        case HyperbandPruner():
            return Hyperband(bracket_study, **record.model_dump(exclude={"type"}))
        case ThresholdPruner():
            return optuna.pruners.ThresholdPruner(
                lower=record.lower,
                upper=record.upper,
                n_warmup_steps=record.n_warmup_steps,
                interval_steps=record.interval_steps,
            )
        case PatientPruner():
            wrapped = None if record.wrapped_pruner is None else _build(record.wrapped_pruner, bracket_study)
            return optuna.pruners.PatientPruner(wrapped, patience=record.patience, min_delta=record.min_delta)
        case NopPruner():
            return optuna.pruners.NopPruner()
        case ImportedPruner():
            return imported_pruner(record)
