"""YAML values whose every part has its file and line, so that files can be merged.

Messages about a value that one file takes from another show the line that refers to the other file, and the value's
own file and line as its origin.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from pydantic import JsonValue

from fxai.spec.yaml.yaml_source import KeyPath, YamlSource

Parts: TypeAlias = "dict[str, SourceNode] | list[SourceNode]"


@dataclass(frozen=True, slots=True)
class SourceNode:
    """A value, the line of its key, and its origin (`base.yaml:12`) if it was taken from another file."""

    value: "Parts | str | float | bool | None"
    line: int
    origin: str = ""

    @property
    def keys(self) -> "dict[str, SourceNode]":
        """The entries of a mapping; empty if the value is not a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[SourceNode]":
        """The items of a list; empty if the value is not a list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str:
        """The string; empty if the value is not a string."""
        return self.value if isinstance(self.value, str) else ""

    def with_keys(self, keys: "Mapping[str, SourceNode]") -> "SourceNode":
        """Returns the node with these entries instead of its own."""
        return replace(self, value=dict(keys))

    def included_at(self, line: int, source: str) -> "SourceNode":
        """Returns the value as part of another file, which refers to the file `source` in this line."""
        value = self.value
        if isinstance(value, dict):
            value = {key: each.included_at(line, source) for key, each in value.items()}
        elif isinstance(value, list):
            value = [each.included_at(line, source) for each in value]
        return SourceNode(value, line, self.origin or f"{source}:{self.line}")


def source_node(source: YamlSource) -> SourceNode:
    """Returns the value of a file as a node."""
    return _written(source, source.value, ())


def source_of(written: SourceNode, name: str) -> YamlSource:
    """Returns the node as the source of a file of that name."""
    places = dict(_places(written, ()))
    return YamlSource(
        name,
        plain_value(written),
        {path: each.line for path, each in places.items() if path},
        {path: each.origin for path, each in places.items() if each.origin},
    )


def plain_value(written: SourceNode) -> JsonValue:
    """Returns the value without files and lines."""
    if isinstance(written.value, dict):
        return {key: plain_value(each) for key, each in written.value.items()}
    if isinstance(written.value, list):
        return [plain_value(each) for each in written.value]
    return written.value


def _written(source: YamlSource, value: JsonValue, path: KeyPath) -> SourceNode:
    line, origin = source.lines.get(path, 1), source.origins.get(path, "")
    if isinstance(value, dict):
        return SourceNode({key: _written(source, each, (*path, key)) for key, each in value.items()}, line, origin)
    if isinstance(value, list):
        items = [_written(source, each, (*path, place)) for place, each in enumerate(value)]
        return SourceNode(items, line, origin)
    return SourceNode(value, line, origin)


def _places(written: SourceNode, path: KeyPath) -> Iterator[tuple[KeyPath, SourceNode]]:
    yield path, written
    for key, each in written.keys.items():
        yield from _places(each, (*path, key))
    for place, each in enumerate(written.items):
        yield from _places(each, (*path, place))


def unlocated_node(value: JsonValue, line: int, origin: str) -> SourceNode:
    """Returns a node for a value that is in no file. Messages show `origin` as its source."""
    if isinstance(value, dict):
        return SourceNode({key: unlocated_node(each, line, origin) for key, each in value.items()}, line, origin)
    if isinstance(value, list):
        return SourceNode([unlocated_node(each, line, origin) for each in value], line, origin)
    return SourceNode(value, line, origin)
