"""Combines `model_config`, `data_config` and `training_config` into the sections of one training configuration.

Each has the fields of its section, `{"d_model": 32}`, or sections, `{"hyperparameters": {"learning_rate": 1e-3}}`. A
key that names a section is that section in any of the three. A section may have the structure of other programs,
`{"model": {"layers": {"hidden_units": 32}}}`.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fxai.api.field_names import SECTION_SYNONYMS, SECTIONS, SYNONYMS, field_of
from fxai.errors import InputError
from fxai.spec.fields.algorithm import DEFAULT_ALGORITHM, algorithm_named
from fxai.spec.fields.ensemble_training import ENSEMBLE
from fxai.spec.search.config_fields import config_fields

Config = Mapping[str, Any]


def sections_of(given: Mapping[str, Config | None]) -> dict[str, dict[str, Any]]:
    """Combine configurations into sections.

    Args:
        given: Configurations by the name of their own section; a later one overrides an earlier one.

    Returns:
        The sections by name. Synonyms of fields, such as `lr`, are replaced; unknown fields stay, and the validation
        refuses them.
    """
    fields = [each for own, config in given.items() for each in _fields(own, config)]
    algorithm = _algorithm(fields)
    sections: dict[str, dict[str, Any]] = {}
    for each in fields:
        set_nested(sections, _path(each, algorithm), copy.deepcopy(each.value))
    return sections


def places_of(own: str, config: Config | None) -> dict[str, tuple[str, ...]]:
    """The places of a configuration's fields: the keys that lead to each field, by the field's path."""
    fields = list(_fields(own, config))
    return {_path(each, _algorithm(fields)): each.place for each in fields}


def set_nested(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path. Missing sections are created."""
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
    key: str  # dotted for the structures of other programs
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
            raise InputError(f"{own}_config: {key} is a section of the configuration, so it must be a mapping")


def _below(section: str, key: str, value: Any, place: tuple[str, ...]) -> Iterator[_Field]:
    """The field, or the fields inside a structure of other programs: `model.layers.hidden_units`."""
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
    named = (algorithm_named(each.value) for each in reversed(fields) if each.key == "algorithm")
    names_agents = any((each.section, each.key) == ("ensemble", "agents") for each in fields)
    return next(named, ENSEMBLE if names_agents else DEFAULT_ALGORITHM)
