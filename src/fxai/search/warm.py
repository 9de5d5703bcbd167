"""Trials of an earlier study that a new one learns from, without counting them as its own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from fxai.search import attributes
from fxai.search.space import distribution
from fxai.spec.conditions import walk
from fxai.spec.configure import config_values
from fxai.spec.feasibility import violations
from fxai.spec.fingerprint import fingerprint, paths_of
from fxai.spec.parameters import Choice, contains
from fxai.spec.samplers import CmaEsSampler, GPSampler, Sampler, TPESampler
from fxai.spec.study import StudySpec

_SCORED_BY = ("objective", "metric_name", "direction", "seeds_per_trial", "data", "fractions_of_split")
_TRAINED_BY = ("algorithm", "total_updates")
_SEEN = "features"  # what an agent sees of the data is part of its training; all else of them is how it is scored


def warm_trials(source: Study, target: StudySpec) -> list[FrozenTrial]:
    """Copies of the source's finished trials that are points of the target's space, in the target's names.

    What the source searched besides is left out. None where the two score differently, for then values of the one
    say nothing about the other, and none for a sampler that would not look at them; `obstacle` says so.
    """
    if obstacle(source, target) is not None:
        return []
    path_of = paths_of(source.user_attrs[attributes.FINGERPRINT])
    copies = []
    for trial in source.get_trials(deepcopy=False):
        known = trial.state is TrialState.COMPLETE or (trial.state is TrialState.PRUNED and trial.intermediate_values)
        if known and not attributes.is_uncounted(trial.user_attrs):
            values = {path_of[name]: value for name, value in trial.params.items()}
            if (params := _point(target, values)) is not None:
                copies.append(_copy(trial, params, target, source.study_name))
    return copies


def obstacle(source: Study, target: StudySpec) -> str | None:
    """Why no trial of the source can be learnt from, whatever its parameters; None where nothing stands against it."""
    stored = source.user_attrs.get(attributes.FINGERPRINT)
    if not isinstance(stored, dict):
        return f"{source.study_name} was not made by FxAI"
    if stored.get("search"):
        return f"the members of {source.study_name} changed their parameters on the way"
    if not _learns(target.sampler):
        return f"{target.sampler.type} learns from no trials but those that it proposed"
    if target.objectives or len(source.directions) > 1:
        return "trials of several objectives are not copied"
    if differing := list(_differing(stored, fingerprint(target))):
        return f"{source.study_name} and {target.study_name} differ in {', '.join(differing)}"
    paths = set(paths_of(stored).values())
    missing = [each.name for each in target.parameters if not each.when and each.path not in paths]
    return f"{source.study_name} did not search {', '.join(missing)}" if missing else None


def solutions(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Completed trials as CMA-ES takes them to start from: numbers that can vary, and nothing else."""
    return [
        create_trial(
            value=trial.value,
            params={name: trial.params[name] for name in spaces},
            distributions=spaces,
        )
        for trial in trials
        if trial.state is TrialState.COMPLETE and (spaces := _varying_numbers(trial))
    ]


def _varying_numbers(trial: FrozenTrial) -> dict[str, BaseDistribution]:
    spaces = trial.distributions.items()
    return {name: each for name, each in spaces if not isinstance(each, CategoricalDistribution) and not each.single()}


def _learns(sampler: Sampler) -> bool:
    """Whether the sampler looks at trials that it has not proposed itself."""
    if isinstance(sampler, CmaEsSampler):
        return not sampler.use_separable_cma
    return isinstance(sampler, TPESampler | GPSampler)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """In what two studies differ of what makes their values comparable."""
    yield from (name for name in _SCORED_BY if one.get(name, 1) != other.get(name, 1))
    mine, others = one["training_config"], other["training_config"]
    if "data" not in other:  # an objective of the user's own, of whose configuration nobody knows what scores
        yield from (
            f"training_config.{name}" for name in dict.fromkeys((*mine, *others)) if mine.get(name) != others.get(name)
        )
        return
    yield from (f"training.{name}" for name in _TRAINED_BY if mine["training"][name] != others["training"][name])
    for section in ("data", "env"):
        names = dict.fromkeys((*mine[section], *others[section]))
        yield from (
            f"{section}.{name}"
            for name in names
            if name != _SEEN and mine[section].get(name) != others[section].get(name)
        )


def _point(target: StudySpec, values: Mapping[str, Choice]) -> dict[str, Choice] | None:
    """The values by the target's names; None where they are no point of its space."""
    missing = object()
    params = walk(target.parameters, config_values(target), lambda each: values.get(each.path, missing))  # type: ignore[arg-type]
    parameters = {each.name: each for each in target.parameters}
    inside = all(value is not missing and contains(parameters[name], value) for name, value in params.items())
    return params if inside else None


def _copy(trial: FrozenTrial, params: dict[str, Choice], target: StudySpec, source: str) -> FrozenTrial:
    parameters = {each.name: each for each in target.parameters}
    constraints = {f"constraints:{name}": amount for name, amount in violations(target, params).items()}
    kept = {name: value for name, value in trial.user_attrs.items() if not name.startswith(attributes.PREFIX)}
    return create_trial(
        state=trial.state,
        value=trial.value if trial.state is TrialState.COMPLETE else None,
        params=params,
        distributions={name: distribution(parameters[name]) for name in params},
        user_attrs={**kept, attributes.TRANSFERRED: f"{source} {trial.number}"},
        system_attrs=constraints,
        intermediate_values=trial.intermediate_values,
    )
