"""Presets by name: a spec's own, then those that are shipped as experiments of `config/base/hpo.yaml`."""

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
from fxai.spec.yaml.source_node import SourceNode, plain, stated

_POPULATIONS = "pbt"
_SAMPLERS: dict[str, Sampler] = {"optuna": TPESampler(), "random": RandomSampler()}
_PRUNERS: dict[str, Pruner] = {"asha": SuccessiveHalvingPruner(), "median": MedianPruner()}
_IN_POPULATIONS = {"sampler": RandomSampler(), "pruner": NopPruner(), "search": PopulationSearch(population=20)}
"""What an experiment with populations asks for, whichever algorithm it names to propose parameters."""


def shipped_preset(name: str) -> Preset | None:
    """The settings of a study that an experiment of the guide's form asks for; None where there is none."""
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
    """What the preset gives, by the names of a study's fields."""
    return preset.model_dump(mode="json", exclude={name for name, value in preset if value is None})


def unknown_preset(name: object, own: Iterable[str]) -> str:
    """What to say of a preset that there is not."""
    known = tuple(dict.fromkeys((*own, *hpo_file().experiments)))
    suggestion = did_you_mean(name, known) if isinstance(name, str) else ""
    return f"there is no preset {name!r}{suggestion or '.'} Known: {', '.join(known)}"


def with_preset(study: SourceNode, own: Mapping[str, SourceNode], faults: list[Problem]) -> SourceNode:
    """The study with what its preset gives and it does not write itself."""
    named = study.keys.get("preset")
    if named is None or named.value is None:
        return study
    if named.text in own:
        given = _sound(own[named.text])
    elif shipped := shipped_preset(named.text):
        given = stated(settings_of(shipped), named.line, f"preset {named.text}").keys
    else:
        faults.append(Problem(unknown_preset(plain(named), own), "preset", named.line))
        return study
    return study.with_keys({**given, **study.keys})


def _sound(preset: SourceNode) -> dict[str, SourceNode]:
    """A preset of the spec's own; none of it where it is at fault, which is said where it stands."""
    node = plain(preset)
    try:
        Preset.model_validate(with_classes(node) if isinstance(node, dict) else node)
    except ValidationError:
        return {}
    return preset.keys
