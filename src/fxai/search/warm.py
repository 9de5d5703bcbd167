"""Trials of an earlier study that a new one learns from, without counting them as its own."""

from collections.abc import Mapping
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from fxai.search import attributes
from fxai.spec.conditions import walk
from fxai.spec.configure import config_values
from fxai.spec.feasibility import violations
from fxai.spec.fingerprint import fingerprint
from fxai.spec.parameters import CategoricalParameter, Choice, FloatParameter, IntParameter, Parameter, contains
from fxai.spec.study import StudySpec

_SCORED_BY = ("objective", "metric_name", "direction", "seeds_per_trial", "data")


def warm_trials(source: Study, target: StudySpec) -> list[FrozenTrial]:
    """Copies of the source's finished trials that are points of the target's space, in the target's names.

    None where the two score differently: then values of the one say nothing about the other.
    """
    stored = source.user_attrs.get(attributes.FINGERPRINT)
    if not isinstance(stored, dict) or not _score_alike(stored, fingerprint(target)):
        return []
    path_of = {name: each.get("path", name) for name, each in stored["parameters"].items()}
    copies = []
    for trial in source.get_trials(deepcopy=False):
        known = trial.state is TrialState.COMPLETE or (trial.state is TrialState.PRUNED and trial.intermediate_values)
        if known and not attributes.is_uncounted(trial.user_attrs):
            values = {path_of[name]: value for name, value in trial.params.items()}
            if (params := _point(target, values)) is not None:
                copies.append(_copy(trial, params, target, source.study_name))
    return copies


def _score_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the same metric is taken of the same bars in the same environment after equally many updates."""
    configs = one["training_config"], other["training_config"]
    budgets = [config["training"]["total_updates"] for config in configs]
    same = all(one.get(name, 1) == other.get(name, 1) for name in _SCORED_BY)
    return same and configs[0]["env"] == configs[1]["env"] and budgets[0] == budgets[1]


def _point(target: StudySpec, values: Mapping[str, Choice]) -> dict[str, Choice] | None:
    """The values by the target's names; None where they are no point of its space, or of a larger one."""
    missing = object()
    params = walk(target.parameters, config_values(target), lambda each: values.get(each.path, missing))  # type: ignore[arg-type]
    parameters = {each.name: each for each in target.parameters}
    inside = all(value is not missing and contains(parameters[name], value) for name, value in params.items())
    return params if inside and {parameters[name].path for name in params} == set(values) else None


def _copy(trial: FrozenTrial, params: dict[str, Choice], target: StudySpec, source: str) -> FrozenTrial:
    parameters = {each.name: each for each in target.parameters}
    constraints = {f"constraints:{name}": amount for name, amount in violations(target, params).items()}
    kept = {name: value for name, value in trial.user_attrs.items() if not name.startswith(attributes.PREFIX)}
    return create_trial(
        state=trial.state,
        value=trial.value if trial.state is TrialState.COMPLETE else None,
        params=params,
        distributions={name: _distribution(parameters[name]) for name in params},
        user_attrs={**kept, attributes.TRANSFERRED: f"{source} {trial.number}"},
        system_attrs=constraints,
        intermediate_values=trial.intermediate_values,
    )


def _distribution(parameter: Parameter) -> BaseDistribution:
    match parameter:
        case FloatParameter(low=low, high=high):
            return FloatDistribution(low, high, log=parameter.log, step=parameter.step)
        case IntParameter(low=low, high=high):
            return IntDistribution(low, high, log=parameter.log, step=parameter.step)
        case CategoricalParameter(choices=choices):
            return CategoricalDistribution(choices)
