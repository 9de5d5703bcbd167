"""The fields of training_config by dotted path, which depend on the algorithm."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

from pydantic.fields import FieldInfo

from fxai.spec.fields.algorithm import ALGORITHMS, TRAINING_RECORDS
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.algorithm_names import SWITCHES
from fxai.spec.fields.ensemble_config import MAX_AGENTS, Kind
from fxai.spec.fields.ensemble_training import ENSEMBLE
from fxai.spec.fields.feature_config import LENGTH, Argument, TimeframeConfig
from fxai.spec.fields.field_paths import leaf_fields
from fxai.spec.fields.model_config import MAX_LAYERS, Width
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig

ALGORITHM_PATH = "training.algorithm"
WIDTHS = "model.widths"  # its items are fields too: model.widths.0 is the width of the first layer
AGENTS = "ensemble.agents"  # so are its items, the kinds of the agents
_ITEMS = {
    f"{path}.{place}": FieldInfo.from_annotation(cast("type[Any]", item))
    for path, item, most in ((WIDTHS, Width, MAX_LAYERS), (AGENTS, Kind, MAX_AGENTS))
    for place in range(most)
}
_SECTION = "training."
ARGUMENTS, TIMEFRAMES = "data.features.arguments", "data.features.timeframes"
_ARGUMENT = FieldInfo.from_annotation(cast("type[Any]", Argument))


class ConfigFields(Mapping[str, FieldInfo]):
    """Fields by dotted path. Iteration yields those that every configuration has.

    `data.features.arguments.NAME` and `data.features.timeframes.LENGTH.KEY` are fields too, for any name and length.
    """

    def __init__(self, fields: Mapping[str, FieldInfo]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, path: str) -> FieldInfo:
        if path in self._fields:
            return self._fields[path]
        if (name := path.removeprefix(f"{ARGUMENTS}.")) != path and name.isidentifier():
            return _ARGUMENT
        if found := re.fullmatch(rf"{TIMEFRAMES}\.{LENGTH}\.(?P<key>\w+)", path):
            return TimeframeConfig.model_fields[found["key"]]
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@cache
def config_fields(algorithm: str) -> ConfigFields:
    """Returns the fields of an algorithm by dotted path, with the items of lists; all fields if it is unknown."""
    chosen = (TRAINING_RECORDS[algorithm],) if algorithm in TRAINING_RECORDS else tuple(ALGORITHMS.values())
    fields = {path: field for one in chosen for path, field in leaf_fields(TrainingConfig, chosen=one)}
    return ConfigFields(fields | _ITEMS)


def fields_of(config: TrainingConfig) -> Mapping[str, FieldInfo]:
    """Returns the fields of a configuration by dotted path, with the layers and the agents that it has."""
    given = {WIDTHS: len(config.model.widths or ()), AGENTS: len(config.ensemble.agents or ())}
    missing = {path for path in _ITEMS if int(path.rpartition(".")[2]) >= given[path.rpartition(".")[0]]}
    fields = config_fields(config.training.algorithm)
    return {path: field for path, field in fields.items() if path not in missing}


def all_config_fields() -> ConfigFields:
    """Returns the fields of all algorithms by dotted path."""
    return config_fields("")


def unknown_path(path: str, algorithm: str) -> str:
    """Returns the message for an unknown path, with the most similar field of the algorithm."""
    known = config_fields(algorithm)
    if path.startswith(f"{WIDTHS}."):
        return f"training_config has no {path!r}; the layers are {WIDTHS}.0 to {WIDTHS}.{MAX_LAYERS - 1}"
    if path.startswith(f"{AGENTS}."):
        return f"training_config has no {path!r}; the agents are {AGENTS}.0 to {AGENTS}.{MAX_AGENTS - 1}"
    if path.startswith(f"{TIMEFRAMES}."):
        keys = ", ".join(TimeframeConfig.model_fields)
        return (
            f"training_config has no {path!r}; a field of a time frame is {TIMEFRAMES}.4h.KEY, and the keys are {keys}"
        )
    if path in (ARGUMENTS, TIMEFRAMES) or any(each.startswith(f"{path}.") for each in known):
        return f"{path!r} is a section of training_config; name one of its keys"
    if path in all_config_fields():
        return foreign_key(path.removeprefix(_SECTION), algorithm, _SECTION)
    return f"training_config has no {path!r}{did_you_mean(path, known)}"


def foreign_key(key: str, algorithm: str, section: str = "") -> str:
    """Returns the message for a key of the section `training` that only other algorithms have.

    The message lists the keys of the algorithm rather than the most similar one, because the key is spelt correctly.
    """
    owners = " and ".join(name for name, record in ALGORITHMS.items() if key in record.model_fields)
    if algorithm == ENSEMBLE and key in SWITCHES:
        return f"an ensemble has no {section + key!r}; the kinds in {AGENTS} set it, such as d3qn"
    own = [name for name in TRAINING_RECORDS[algorithm].model_fields if name not in AlgorithmConfig.model_fields]
    return f"{algorithm} has no {section + key!r}, a key of {owners}; {algorithm} has {', '.join(own)}"
