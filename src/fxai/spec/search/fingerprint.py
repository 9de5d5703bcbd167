"""What makes two runs the same study: search space, base configuration, data, metric, direction.

`n_trials`, sampler, pruner, workers, lanes and `seed` are left out: they may change when a study is resumed.
`seeds_per_trial` is in it, since a mean of four is another value than one.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.objective import CustomCommand, Objective, argument_style_of, name_of
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.study import StudySpec

Fingerprint = dict[str, JsonValue]
_ABSENT = object()
_ONE_SEED: Fingerprint = {"seeds_per_trial": 1}


def fingerprint(study: StudySpec) -> Fingerprint:
    """A record that JSON keeps as it is, to be stored with the study."""
    goals: list[JsonValue] = [goal.model_dump(mode="json") for goal in study.objectives]
    further: Fingerprint = {
        "argument_style": argument_style_of(study.objective),
        "constraints": list(study.constraints),
        "fixed": dict(study.fixed),
        "objectives": goals,
        "score": study.score,
        "search": None if study.search is None else study.search.model_dump(mode="json"),
    }
    return {
        "objective": _objective(study.objective),
        "metric_name": study.metric_name,
        "direction": study.direction,
        "seeds_per_trial": study.seeds_per_trial,
        "parameters": {each.name: _parameter(each) for each in study.parameters},
        **{key: value for key, value in further.items() if value},  # as if there were none before they were known
        **_configuration(study.training_config),
    }


def _objective(objective: Objective) -> JsonValue:
    """Own code by its name or command; where it lies may change."""
    return list(objective.command) if isinstance(objective, CustomCommand) else name_of(objective)


def _configuration(training_config: TrainingConfig | CustomConfig) -> Fingerprint:
    config = training_config.model_dump(mode="json")
    if isinstance(training_config, CustomConfig):
        return {"training_config": config}
    source = config["data"].pop("source")
    if config["model"]["widths"] is None:
        del config["model"]["widths"]  # studies from before the field was known go on
    if config["data"]["split"]["validation_episodes"] is None:
        del config["data"]["split"]["validation_episodes"]
    return {"data": _data(source), **_split_rule(config["data"]["split"]["train"]), "training_config": config}


def _parameter(parameter: Parameter) -> Fingerprint:
    """What a parameter is; a path that is its name and conditions that it has not are left out."""
    unsaid = {"name", *(() if parameter.when else ("when",)), *(() if parameter.path != parameter.name else ("path",))}
    return parameter.model_dump(mode="json", exclude=unsaid)


def _split_rule(train: JsonValue) -> Fingerprint:
    """Fractions of a split once counted the bars behind the features' warm-up; such a study was scored on others."""
    return {} if isinstance(train, str) else {"fractions_of_split": "of all bars"}


def _data(source: str) -> JsonValue:
    """A named data set is known by its name, a file by its content. The text is kept as it is written."""
    path = expanded_path(source)
    if not path.is_file():
        return {"source": source}
    with path.open("rb") as file:
        return {"source": source, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def paths_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The field of training_config that each parameter of a stored fingerprint sets, by the parameter's name."""
    return {name: each.get("path", name) for name, each in record["parameters"].items()}


def difference(old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """What changed, one line each: `parameters.training.gamma.high: 0.99 -> 0.999`; empty where nothing did.

    A data file that only moved is no change. A record without `seeds_per_trial` is of the time when each
    trial had one.
    """
    old, new = ({**_ONE_SEED, **each} for each in (old, new))
    return tuple(_changes(_comparable(old, new), _comparable(new, old), ""))


def _comparable(one: Mapping[str, JsonValue], other: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Without the place of a file of the same content.

    The content of a file below `~` was once not known; it counts where both records have it.
    """
    places = [data.get("source") if isinstance(data := each.get("data"), dict) else None for each in (one, other)]
    hashes = [data.get("sha256") if isinstance(data := each.get("data"), dict) else None for each in (one, other)]
    if hashes[0] is not None and hashes[0] == hashes[1]:
        return {**one, "data": {"sha256": hashes[0]}}
    if None in hashes and places[0] == places[1] and str(places[0]).startswith("~"):
        return {**one, "data": {"source": places[0]}}
    return one


def _changes(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _changes(old.get(key, _ABSENT), new.get(key, _ABSENT), f"{path}.{key}" if path else key)
    elif old is _ABSENT:
        yield f"{path}: added, {_shown(new)}"
    elif new is _ABSENT:
        yield f"{path}: removed, was {_shown(old)}"
    elif old != new:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items())
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return json.dumps(value)
