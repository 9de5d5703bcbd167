"""Fingerprint of a study: search space, base configuration, data, metric and direction.

A run can resume a study only if the fingerprints are equal. `n_trials`, sampler, pruner, workers, lanes and `seed` are
not part of it, because they may change between runs. `seeds_per_trial` is part of it, because it changes the noise of
the objective values.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel, JsonValue

from fxai.spec.fields.data_config import NAMED_SOURCE, DataConfig
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.objective import (
    LLM_SIGNAL,
    CustomCommand,
    Objective,
    argument_style_of,
    name_of,
    returns_positions,
)
from fxai.spec.fields.record import LATER
from fxai.spec.fields.source_paths import files_hash, source_paths
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.embargo import with_embargo
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.positions_config import scored_market
from fxai.spec.search.signal_config import signal_config
from fxai.spec.search.study import StudySpec

Fingerprint = dict[str, JsonValue]
_ABSENT = object()
_ONE_SEED: Fingerprint = {"seeds_per_trial": 1}


def fingerprint(study: StudySpec) -> Fingerprint:
    """Returns the fingerprint of a study as JSON values, with the embargo of a new study if it has none."""
    study = with_embargo(study)
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
        **{
            key: value for key, value in further.items() if value
        },  # empty values are omitted, so that fingerprints of earlier releases stay equal
        **_configuration(study),
    }


def _objective(objective: Objective) -> JsonValue:
    """Returns the name or the command of an objective. The folder is not part of the fingerprint."""
    return list(objective.command) if isinstance(objective, CustomCommand) else name_of(objective)


def _configuration(study: StudySpec) -> Fingerprint:
    training_config = study.training_config
    if isinstance(training_config, CustomConfig):
        if study.objective == LLM_SIGNAL:
            return _signal_configuration(training_config)
        return _custom_configuration(training_config, returns_positions(study.objective))
    config = without_later_fields(training_config, training_config.model_dump(mode="json"))
    del config["data"]["source"]
    config["data"]["features"].pop("function_folder", None)  # as the folder of an objective
    return {
        "data": _data(training_config.data),
        **_split_rule(config["data"]["split"]["train"]),
        "training_config": config,
    }


def _custom_configuration(config: CustomConfig, has_data: bool) -> Fingerprint:  # noqa: FBT001
    """The configuration of custom code; of a function that returns positions also the data that it is scored on."""
    dumped: dict[str, Any] = config.model_dump(mode="json")
    if not has_data:
        return {"training_config": dumped}
    data = {key: value for key, value in (dumped.get("data") or {}).items() if key != "source"}
    return {"data": _data(scored_market(dumped).data), "training_config": {**dumped, "data": data}}


def _signal_configuration(config: CustomConfig) -> Fingerprint:
    """The configuration of `llm_signal`, without `model.knowledge_until`, which changes the verdict's words alone.

    Of the model's path it has the last part, since the folder may be moved.
    """
    record = signal_config(config.root)
    dumped = without_later_fields(record, record.model_dump(mode="json"))
    del dumped["data"]["source"], dumped["news"]["file"]
    dumped["model"].pop("knowledge_until", None)
    dumped["model"]["path"] = PurePath(record.model.path).name
    sha256 = _source_hash(record.news.file)
    news: Fingerprint = {"source": record.news.file} if sha256 is None else {"sha256": sha256}
    return {"data": _data(record.data), "news": news, "training_config": dumped}


def without_later_fields(record: BaseModel, dumped: dict[str, Any]) -> dict[str, Any]:
    """Leaves out fields that are marked as `LATER` and have their default. Studies without the fields are resumed."""
    kept = {}
    for name, info in type(record).model_fields.items():
        value = getattr(record, name)
        if LATER in info.metadata and value == info.get_default(call_default_factory=True):
            continue
        if name in dumped:
            kept[name] = without_later_fields(value, dumped[name]) if isinstance(value, BaseModel) else dumped[name]
    return kept


def _parameter(parameter: Parameter) -> Fingerprint:
    """Returns a parameter without its name, empty conditions, and a path that equals its name."""
    omitted = {"name", *(() if parameter.when else ("when",)), *(() if parameter.path != parameter.name else ("path",))}
    return parameter.model_dump(mode="json", exclude=omitted)


def _split_rule(train: JsonValue) -> Fingerprint:
    """Returns the rule for fractions of a split. In the first releases they excluded the warm-up of the features."""
    return {} if isinstance(train, str) else {"fractions_of_split": "of all bars"}


def _data(data: DataConfig) -> JsonValue:
    """Returns the source of the data, and for files also the hash of their content.

    Several instruments have a hash each, by their names; that of a named data set is its name.
    """
    if isinstance(data.source, str):
        sha256 = _source_hash(data.source, named=data.has_instruments)
        return {"source": data.source} if sha256 is None else {"source": data.source, "sha256": sha256}
    hashes: dict[str, JsonValue] = {name: _source_hash(each) or each for name, each in data.source.items()}
    return {"source": dict(data.source), "sha256": hashes}


def _source_hash(source: str, *, named: bool = False) -> str | None:
    """Returns the hash of a source's files, with their names if `named` is true; None for a named data set."""
    path = expanded_path(source)
    paths = (path,) if NAMED_SOURCE.fullmatch(source) else source_paths(path)
    if not paths or not all(path.is_file() for path in paths):
        return None
    names = [path.name if named and len(paths) > 1 else "" for path in paths]
    return files_hash([name + _file_hash(path) for name, path in zip(names, paths, strict=True)])


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def paths_of(record: Mapping[str, Any]) -> dict[str, str]:
    """Returns the path of the field that each parameter of a stored fingerprint sets, by the parameter's name.

    An edited fingerprint may have no parameters; the result is then empty.
    """
    return {name: each.get("path", name) for name, each in record.get("parameters", {}).items()}


def difference(old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Returns the differences of two fingerprints, one line each: `parameters.training.gamma.high: 0.99 -> 0.999`.

    Another path of the same data file is not a difference. In a fingerprint without `seeds_per_trial` it is 1.
    """
    old, new = ({**_ONE_SEED, **each} for each in (old, new))
    return tuple(_changes(_comparable(old, new), _comparable(new, old), ""))


def _comparable(one: Mapping[str, JsonValue], other: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Returns a fingerprint without the path of a data file that has the same content in the other fingerprint.

    Earlier releases stored no hash for a file below `~`. The hash is compared if both fingerprints have it.
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
