"""The search space as define-by-run suggestions, which every sampler supports."""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from fxai.protocol import ParamValue
from fxai.spec.search.conditions import active_params
from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    nearest_value,
)
from fxai.spec.search.steps import without_rounding_error


def suggest(trial: Trial, parameters: Sequence[Parameter], values: Mapping[str, Choice]) -> dict[str, ParamValue]:
    """Suggest a value for each parameter whose condition holds.

    `values` are those of training_config, which conditions may refer to.
    """
    return active_params(parameters, values, lambda parameter: _suggest(trial, parameter))


def _suggest(trial: Trial, parameter: Parameter) -> ParamValue:
    match parameter:
        case CategoricalParameter(name=name, choices=choices):
            return trial.suggest_categorical(name, choices)
        case IntParameter(name=name, low=low, log=log):
            value: float = trial.suggest_int(name, low, _last(parameter), log=log, step=1 if log else parameter.step)
        case FloatParameter(name=name, low=low, log=log):
            value = trial.suggest_float(name, low, _last(parameter), log=log, step=None if log else parameter.step)
    return nearest_value(parameter, value)  # samplers compute low + k * step in floats, with rounding errors


def distribution(parameter: Parameter) -> BaseDistribution:
    """Optuna's distribution of the parameter; on a logarithmic scale it has no steps."""
    match parameter:
        case FloatParameter(low=low, log=log):
            return FloatDistribution(low, _last(parameter), log=log, step=None if log else parameter.step)
        case IntParameter(low=low, log=log):
            return IntDistribution(low, _last(parameter), log=log, step=1 if log else parameter.step)
        case CategoricalParameter(choices=choices):
            return CategoricalDistribution(choices)


def _last(parameter: FloatParameter | IntParameter) -> Any:
    """The largest value on the grid of steps, as Optuna would adjust it with a warning."""
    return nearest_value(parameter, parameter.high)


def as_written(value: float, distribution: BaseDistribution) -> float:
    """The value in Optuna's internal form without the rounding errors of steps."""
    if not isinstance(distribution, FloatDistribution) or distribution.step is None:
        return value
    return without_rounding_error(value, distribution.low, distribution.high, distribution.step)


def default_point(
    parameters: Sequence[Parameter], defaults: Mapping[str, ParamValue], values: Mapping[str, Choice]
) -> dict[str, ParamValue]:
    """The point of the space that is nearest to the default configuration (`nearest_value`)."""
    return active_params(parameters, values, lambda parameter: nearest_value(parameter, defaults.get(parameter.name)))
