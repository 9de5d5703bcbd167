"""`model_config`, `data_config` and `training_config` as the sections of one training configuration.

Each is written as the fields of its section, `{"d_model": 32}`, or with sections in it, `{"hyperparameters":
{"learning_rate": 1e-3}}`: a key that names a section is that section, in whichever of the three it stands.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from fxai.api.field_names import SECTION_SYNONYMS, SECTIONS, field_of
from fxai.errors import InputError
from fxai.spec.algorithm import DEFAULT_ALGORITHM
from fxai.spec.config_fields import config_fields

Config = Mapping[str, Any]


def sections_of(given: Mapping[str, Config | None]) -> dict[str, dict[str, Any]]:
    """The sections by name, of configurations by the section whose fields they are; the later go before the earlier.

    A field under another name, such as `lr`, is put where it belongs; what nobody knows stays for the check to refuse.
    """
    fields = [(section, key, value) for own, config in given.items() for section, key, value in _fields(own, config)]
    algorithm = next((str(value) for section, key, value in reversed(fields) if key == "algorithm"), DEFAULT_ALGORITHM)
    known = config_fields(algorithm)
    sections: dict[str, dict[str, Any]] = {}
    for section, key, value in fields:
        path = field_of(key, algorithm, {})
        path = path if path in known and f"{section}.{key}" not in known else f"{section}.{key}"
        set_nested(sections, path, copy.deepcopy(value))
    return sections


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


def _fields(own: str, config: Config | None) -> Iterator[tuple[str, str, Any]]:
    """Section, key and value of all that a configuration holds."""
    for key, value in (config or {}).items():
        section = SECTION_SYNONYMS.get(key, key)
        if section not in SECTIONS:
            yield own, key, value
        elif isinstance(value, Mapping):
            yield from ((section, name, each) for name, each in value.items())
        else:
            raise InputError(f"{own}_config: {key} is a section of the configuration and must be a mapping")
