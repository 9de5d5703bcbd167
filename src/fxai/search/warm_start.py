"""Copies trials of another study for a warm start of the sampler. Copies are not counted as trials of the new study."""

from collections.abc import Iterable, Mapping

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from fxai.search import attributes
from fxai.search.comparable import scoring_differences, training_differences
from fxai.search.space import distribution
from fxai.spec.checks.feasibility import violations
from fxai.spec.search.conditions import active_params
from fxai.spec.search.configure import config_values
from fxai.spec.search.fingerprint import fingerprint, paths_of
from fxai.spec.search.parameters import Choice, contains
from fxai.spec.search.samplers import CmaEsSampler, GPSampler, Sampler, TPESampler
from fxai.spec.search.study import StudySpec


def warm_trials(source: Study, target: StudySpec) -> list[FrozenTrial]:
    """Copies of the source's finished trials that are points of the target's space, under the target's names.

    Parameters that only the source searched are removed. Empty if `warm_start_obstacle` returns a reason.
    """
    if warm_start_obstacle(source, target) is not None:
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


def warm_start_obstacle(source: Study, target: StudySpec) -> str | None:
    """Why no trial of the source can be used, independent of its parameters; None if there is no reason."""
    stored = source.user_attrs.get(attributes.FINGERPRINT)
    if not isinstance(stored, dict):
        return f"{source.study_name} was not created by FxAI"
    if stored.get("search"):
        return f"the trials of {source.study_name} changed their parameters during training"
    if not _uses_foreign_trials(target.sampler):
        return f"the sampler {target.sampler.type} uses only trials that it proposed"
    if target.objectives or len(source.directions) > 1:
        return "trials of several objectives are not copied"
    own = fingerprint(target)
    if differing := [*scoring_differences(stored, own), *training_differences(stored, own)]:
        return f"{source.study_name} and {target.study_name} differ in {', '.join(differing)}"
    paths = set(paths_of(stored).values())
    missing = [each.name for each in target.parameters if not each.when and each.path not in paths]
    return f"{source.study_name} did not search {', '.join(missing)}" if missing else None


def cma_es_source_trials(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Completed trials in the form that CMA-ES needs: only numeric parameters with more than one value."""
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


def _uses_foreign_trials(sampler: Sampler) -> bool:
    """Whether the sampler uses trials that it has not proposed."""
    if isinstance(sampler, CmaEsSampler):
        return not sampler.use_separable_cma
    return isinstance(sampler, TPESampler | GPSampler)


def _point(target: StudySpec, values: Mapping[str, Choice]) -> dict[str, Choice] | None:
    """The values under the target's names; None if they are not a point of its space."""
    missing = object()
    params = active_params(target.parameters, config_values(target), lambda each: values.get(each.path, missing))  # type: ignore[arg-type]
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
