"""`model_config`, `data_config` and `training_config` as the sections of one training configuration.

Each is written as the fields of its section, `{"d_model": 32}`, or with sections in it, `{"hyperparameters":
{"learning_rate": 1e-3}}`: a key that names a section is that section, in whichever of the three it stands. Mappings
within a section may be others' too, `{"model": {"layers": {"hidden_units": 32}}}`.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fxai.api.field_names import SECTION_SYNONYMS, SECTIONS, SYNONYMS, field_of
from fxai.errors import InputError
from fxai.spec.fields.algorithm import DEFAULT_ALGORITHM
from fxai.spec.search.config_fields import config_fields

Config = Mapping[str, Any]


def sections_of(given: Mapping[str, Config | None]) -> dict[str, dict[str, Any]]:
    """The sections by name, of configurations by the section whose fields they are; the later go before the earlier.

    A field under another name, such as `lr`, is put where it belongs; what nobody knows stays for the check to refuse.
    """
    fields = [each for own, config in given.items() for each in _fields(own, config)]
    algorithm = _algorithm(fields)
    sections: dict[str, dict[str, Any]] = {}
    for each in fields:
        set_nested(sections, _path(each, algorithm), copy.deepcopy(each.value))
    return sections


def places_of(own: str, config: Config | None) -> dict[str, tuple[str, ...]]:
    """Where a configuration has its fields: keys, one below the other, by the fields' paths."""
    fields = list(_fields(own, config))
    return {_path(each, _algorithm(fields)): each.place for each in fields}


def algorithm_in(sections: Mapping[str, Config]) -> str:
    return str(sections.get("training", {}).get("algorithm", DEFAULT_ALGORITHM))


def set_nested(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path, whose sections are made where they are missing."""
    *sections, last = path.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise InputError(f"{path}: {section} is a value of the configuration, not a section")
    tree[last] = value


@dataclass(frozen=True, slots=True)
class _Field:
    """A value of a configuration: its section, its key there, and the keys that lead to it."""

    section: str
    key: str  # dotted below mappings that only others know
    value: Any
    place: tuple[str, ...]


def _fields(own: str, config: Config | None) -> Iterator[_Field]:
    for key, value in (config or {}).items():
        section = SECTION_SYNONYMS.get(key, key)
        if section not in SECTIONS:
            yield from _below(own, key, value, (key,))
        elif isinstance(value, Mapping):
            for name, each in value.items():
                yield from _below(section, name, each, (key, name))
        else:
            raise InputError(f"{own}_config: {key} is a section of the configuration and must be a mapping")


def _below(section: str, key: str, value: Any, place: tuple[str, ...]) -> Iterator[_Field]:
    """The value, or those in a mapping that FxAI knows by the names of others: `model.layers.hidden_units`."""
    if not isinstance(value, Mapping) or not any(name.startswith(f"{section}.{key}.") for name in SYNONYMS):
        yield _Field(section, key, value, place)
        return
    for name, each in value.items():
        yield from _below(section, f"{key}.{name}", each, (*place, name))


def _path(field: _Field, algorithm: str) -> str:
    known, written = config_fields(algorithm), f"{field.section}.{field.key}"
    if written in known:
        return written
    path = SYNONYMS.get(written, field_of(field.key, algorithm, {}))
    return path if path in known else written


def _algorithm(fields: Sequence[_Field]) -> str:
    return next((str(each.value) for each in reversed(fields) if each.key == "algorithm"), DEFAULT_ALGORITHM)
