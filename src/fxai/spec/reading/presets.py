"""Finds presets by name: first those of the spec, then the shipped experiments of `config/base/hpo.yaml`."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from fxai.errors import Problem
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.reading.hpo_file import Experiment, hpo_file
from fxai.spec.search.class_names import with_classes
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.preset import Preset
from fxai.spec.search.pruners import MedianPruner, NopPruner, Pruner, SuccessiveHalvingPruner
from fxai.spec.search.samplers import RandomSampler, Sampler, TPESampler
from fxai.spec.yaml.source_node import SourceNode, plain_value, unlocated_node

_POPULATIONS = "pbt"
_SAMPLERS: dict[str, Sampler] = {"optuna": TPESampler(), "random": RandomSampler()}
_PRUNERS: dict[str, Pruner] = {"asha": SuccessiveHalvingPruner(), "median": MedianPruner()}
_IN_POPULATIONS = {"sampler": RandomSampler(), "pruner": NopPruner(), "search": PopulationSearch(population=20)}
"""Settings of an experiment with `scheduler: pbt`. Its `search_algorithm` has no effect."""


def shipped_preset(name: str) -> Preset | None:
    """Returns the settings of a shipped experiment as a preset; None if there is no such experiment."""
    experiment = hpo_file().experiments.get(name)
    return None if experiment is None else _preset(experiment)


def _preset(experiment: Experiment) -> Preset:
    settings = {
        "n_trials": experiment.num_trials,
        "sampler": _SAMPLERS.get(experiment.search_algorithm or ""),
        "pruner": _PRUNERS.get(experiment.scheduler or ""),
        "max_concurrent_trials": experiment.max_concurrent_trials,
        **(_IN_POPULATIONS if experiment.scheduler == _POPULATIONS else {}),
    }
    return Preset.model_validate({key: value for key, value in settings.items() if value is not None})


def settings_of(preset: Preset) -> dict[str, Any]:
    """Returns the settings of a preset by the names of a study's fields."""
    return preset.model_dump(mode="json", exclude={name for name, value in preset if value is None})


def unknown_preset(name: object, own: Iterable[str]) -> str:
    """Returns the message for an unknown preset."""
    known = tuple(dict.fromkeys((*own, *hpo_file().experiments)))
    suggestion = did_you_mean(name, known) if isinstance(name, str) else ""
    return f"there is no preset {name!r}{suggestion or '.'} Known: {', '.join(known)}"


def with_preset(study: SourceNode, own: Mapping[str, SourceNode], faults: list[Problem]) -> SourceNode:
    """Returns the study with the settings of its preset. The study's own settings take precedence."""
    named = study.keys.get("preset")
    if named is None or named.value is None:
        return study
    if named.text in own:
        given = _sound(own[named.text])
    elif shipped := shipped_preset(named.text):
        given = unlocated_node(settings_of(shipped), named.line, f"preset {named.text}").keys
    else:
        faults.append(Problem(unknown_preset(plain_value(named), own), "preset", named.line))
        return study
    return study.with_keys({**given, **study.keys})


def _sound(preset: SourceNode) -> dict[str, SourceNode]:
    """Returns the settings of a preset of the spec; none if it is invalid, which is reported at the preset."""
    node = plain_value(preset)
    try:
        Preset.model_validate(with_classes(node) if isinstance(node, dict) else node)
    except ValidationError:
        return {}
    return preset.keys
