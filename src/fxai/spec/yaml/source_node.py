"""YAML values of which every part remembers where it was written, so that files can be put together.

What one file takes from another stands, in messages, in the line that took it, with its own place beside.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from pydantic import JsonValue

from fxai.spec.yaml.yaml_source import KeyPath, YamlSource

Parts: TypeAlias = "dict[str, SourceNode] | list[SourceNode]"


@dataclass(frozen=True, slots=True)
class SourceNode:
    """A value, the line of its key, and the place of another file (`base.yaml:12`) that it was taken from."""

    value: "Parts | str | float | bool | None"
    line: int
    origin: str = ""

    @property
    def keys(self) -> "dict[str, SourceNode]":
        """What a mapping holds; nothing where the value is none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[SourceNode]":
        """What a list holds; nothing where the value is none."""
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str:
        """A string; empty where the value is none."""
        return self.value if isinstance(self.value, str) else ""

    def with_keys(self, keys: "Mapping[str, SourceNode]") -> "SourceNode":
        """The mapping with these keys in place of its own."""
        return replace(self, value=dict(keys))

    def taken(self, line: int, source: str) -> "SourceNode":
        """The value as another file has it that names `source` in this line."""
        value = self.value
        if isinstance(value, dict):
            value = {key: each.taken(line, source) for key, each in value.items()}
        elif isinstance(value, list):
            value = [each.taken(line, source) for each in value]
        return SourceNode(value, line, self.origin or f"{source}:{self.line}")


def source_node(source: YamlSource) -> SourceNode:
    """A file's value with its places."""
    return _written(source, source.value, ())


def source_of(written: SourceNode, name: str) -> YamlSource:
    """The value as if a file of that name held all of it."""
    places = dict(_places(written, ()))
    return YamlSource(
        name,
        plain(written),
        {path: each.line for path, each in places.items() if path},
        {path: each.origin for path, each in places.items() if each.origin},
    )


def plain(written: SourceNode) -> JsonValue:
    """The value alone."""
    if isinstance(written.value, dict):
        return {key: plain(each) for key, each in written.value.items()}
    if isinstance(written.value, list):
        return [plain(each) for each in written.value]
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


def stated(value: JsonValue, line: int, origin: str) -> SourceNode:
    """A value that no file holds; `origin` says in messages where it comes from."""
    if isinstance(value, dict):
        return SourceNode({key: stated(each, line, origin) for key, each in value.items()}, line, origin)
    if isinstance(value, list):
        return SourceNode([stated(each, line, origin) for each in value], line, origin)
    return SourceNode(value, line, origin)
