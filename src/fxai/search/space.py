"""The search space, asked parameter by parameter (define-by-run), so that every sampler can take part."""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from fxai.protocol import ParamValue
from fxai.spec.search.conditions import walk
from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    nearest_value,
)
from fxai.spec.search.steps import undrifted


def suggest(trial: Trial, parameters: Sequence[Parameter], values: Mapping[str, Choice]) -> dict[str, ParamValue]:
    """A value for each parameter that exists at this point, proposed by the sampler of the trial's study.

    `values` are those of training_config, which conditions may name.
    """
    return walk(parameters, values, lambda parameter: _suggest(trial, parameter))


def _suggest(trial: Trial, parameter: Parameter) -> ParamValue:
    match parameter:
        case CategoricalParameter(name=name, choices=choices):
            return trial.suggest_categorical(name, choices)
        case IntParameter(name=name, low=low, log=log):
            value: float = trial.suggest_int(name, low, _last(parameter), log=log, step=1 if log else parameter.step)
        case FloatParameter(name=name, low=low, log=log):
            value = trial.suggest_float(name, low, _last(parameter), log=log, step=None if log else parameter.step)
    return nearest_value(parameter, value)  # on steps samplers propose low + k * step in floats


def distribution(parameter: Parameter) -> BaseDistribution:
    """What Optuna stores of the parameter's range; on a logarithmic scale it knows no steps."""
    match parameter:
        case FloatParameter(low=low, log=log):
            return FloatDistribution(low, _last(parameter), log=log, step=None if log else parameter.step)
        case IntParameter(low=low, log=log):
            return IntDistribution(low, _last(parameter), log=log, step=1 if log else parameter.step)
        case CategoricalParameter(choices=choices):
            return CategoricalDistribution(choices)


def _last(parameter: FloatParameter | IntParameter) -> Any:
    """The greatest value, where Optuna would end the range too, with a warning."""
    return nearest_value(parameter, parameter.high)


def as_written(value: float, distribution: BaseDistribution) -> float:
    """A value in Optuna's internal form as its steps are written; samplers and older databases have drifted ones."""
    if not isinstance(distribution, FloatDistribution) or distribution.step is None:
        return value
    return undrifted(value, distribution.low, distribution.high, distribution.step)


def default_point(
    parameters: Sequence[Parameter], defaults: Mapping[str, ParamValue], values: Mapping[str, Choice]
) -> dict[str, ParamValue]:
    """The point of the space that lies nearest to the default configuration (`nearest_value`)."""
    return walk(parameters, values, lambda parameter: nearest_value(parameter, defaults.get(parameter.name)))
