"""The search space, asked parameter by parameter (define-by-run), so that every sampler can take part."""

from collections.abc import Mapping, Sequence

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from fxai.spec.conditions import walk
from fxai.spec.parameters import CategoricalParameter, Choice, FloatParameter, IntParameter, Parameter, contains
from fxai.trial import ParamValue


def suggest(trial: Trial, parameters: Sequence[Parameter], values: Mapping[str, Choice]) -> dict[str, ParamValue]:
    """A value for each parameter that exists at this point, proposed by the sampler of the trial's study.

    `values` are those of training_config, which conditions may name.
    """
    return walk(parameters, values, lambda parameter: _suggest(trial, parameter))


def _suggest(trial: Trial, parameter: Parameter) -> ParamValue:
    match parameter:
        case FloatParameter(name=name, low=low, high=high):
            return trial.suggest_float(name, low, high, log=parameter.log, step=parameter.step)
        case IntParameter(name=name, low=low, high=high):
            return trial.suggest_int(name, low, high, log=parameter.log, step=parameter.step)
        case CategoricalParameter(name=name, choices=choices):
            return trial.suggest_categorical(name, choices)


def distribution(parameter: Parameter) -> BaseDistribution:
    """What Optuna stores of the parameter's range."""
    match parameter:
        case FloatParameter(low=low, high=high):
            return FloatDistribution(low, high, log=parameter.log, step=parameter.step)
        case IntParameter(low=low, high=high):
            return IntDistribution(low, high, log=parameter.log, step=parameter.step)
        case CategoricalParameter(choices=choices):
            return CategoricalDistribution(choices)


def default_point(
    parameters: Sequence[Parameter], defaults: Mapping[str, ParamValue], values: Mapping[str, Choice]
) -> dict[str, ParamValue]:
    """The point of the space that lies nearest to the default configuration.

    A default that its parameter cannot take is moved to the nearest value that it can, and to the first
    one where there is no distance: a choice that is not offered, None for a number, no default at all.
    """
    return walk(parameters, values, lambda parameter: nearest(parameter, defaults.get(parameter.name)))


def nearest(parameter: Parameter, value: ParamValue) -> Choice:
    """The value of the parameter that lies nearest to this one."""
    if contains(parameter, value):
        return value
    match parameter:
        case CategoricalParameter(choices=choices):
            return choices[0]
        case FloatParameter(low=low, high=high, step=step):
            number = min(max(float(value), low), high) if isinstance(value, int | float) else low
            return number if step is None else low + step * min(round((number - low) / step), int((high - low) / step))
        case IntParameter(low=low, high=high, step=step):
            number = min(max(value, low), high) if isinstance(value, int | float) else low
            return low + step * min(round((number - low) / step), (high - low) // step)
