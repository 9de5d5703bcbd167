"""The `training_config` of a custom objective: any mapping."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, JsonValue, RootModel

from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.search.parameters import Choice

DERIVED = "derived"  # key of a training engine's configuration: by name, the paths of values that functions compute


class CustomConfig(RootModel[dict[str, JsonValue]]):
    """The `training_config` of custom code: any mapping. Nested keys have dotted names, as in fx_trading."""

    model_config = ConfigDict(frozen=True)


def with_values(config: CustomConfig, values: Mapping[str, Choice]) -> dict[str, JsonValue]:
    """Returns the configuration with a trial's parameters set at dotted names, as `with_json`."""
    return with_json(config, {name: parse_choice(value) for name, value in values.items()})


def with_json(config: CustomConfig, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Returns the configuration with values set at dotted names. Missing sections are created.

    Raises:
        ValueError: A name is below a value that is not a section.
    """
    tree: dict[str, JsonValue] = config.model_dump()
    for name, value in values.items():
        *sections, last = name.split(".")
        node: Any = tree
        for depth, section in enumerate(sections, start=1):
            node = node.setdefault(section, {})
            if not isinstance(node, dict):
                raise ValueError(f"{'.'.join(sections[:depth])} is not a section of training_config")  # noqa: TRY004
        node[last] = value
    return tree


def values_in(config: CustomConfig) -> dict[str, JsonValue]:
    """Returns all values by their dotted names."""
    return dict(_leaves(config.root, ""))


def _leaves(tree: Mapping[str, JsonValue], prefix: str) -> Iterator[tuple[str, JsonValue]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
