"""Reads YAML safely, with the scalars of the core schema of YAML 1.2 and the line of every key.

PyYAML implements YAML 1.1, where `1e-5` is a string, `no` is false, `017` is 15 and `12:30:45` is a number. It keeps
the last of two equal keys. It shares aliased nodes, so that a few hundred bytes can expand to gigabytes. This module
uses PyYAML's parser and constructs the values from its nodes (YAML 1.2.2, section 10.3,
https://yaml.org/spec/1.2.2/#103-core-schema).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml
from pydantic import JsonValue

from fxai.errors import InputError, Problem, SpecError

MAX_BYTES = 1_000_000
MAX_NODES = 100_000  # after expansion of aliases
KeyPath: TypeAlias = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)


# A key, and a value in quotes that is followed by text other than a comment.
_GOES_ON_AFTER_QUOTES = re.compile(
    r"""\s*(?:-\s+)?(?:[^\s:'"]+\s*:\s+)?(?P<value>(?P<quote>["'])(?:(?!(?P=quote)).)*(?P=quote)\s*[^\s#,:\]}].*)"""
)
_BRACES_IN_BRACES = re.compile(r"""\{[^"'{}]*[^\s"'{}:,\[][^"'{}:,\[]*\{[A-Za-z_][\w.]*\}""")


def _int(text: str) -> int:
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


_SCALARS: dict[str, tuple[re.Pattern[str], Callable[[str], JsonValue]]] = {
    "null": (_NULL, lambda _: None),
    "bool": (_BOOL, lambda text: text.lower() == "true"),
    "int": (_INT, _int),
    "float": (_FLOAT, lambda text: float(re.sub(r"\.(?=inf|nan)", "", text.lower()))),
}


class _Loader(yaml.SafeLoader):
    """PyYAML's Python parser with the implicit tags of the core schema.

    The binding of libyaml is faster, but overflows the stack on deep nesting.
    """


_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _) in _SCALARS.items():
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, None)


@dataclass(frozen=True, slots=True)
class YamlSource:
    """The value of a file, and the line of each key and list item.

    `origins` has the file and line (`base.yaml:12`) of each value that was taken from another file.
    """

    name: str
    value: JsonValue
    lines: dict[KeyPath, int]
    origins: dict[KeyPath, str] = field(default_factory=dict)


class _Fault(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass(slots=True)
class _Construction:
    """Constructs the values of the nodes of one document, and collects the faults."""

    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    open: set[int] = field(default_factory=set)  # containers that are being built, by id
    nodes: int = 0

    def value(self, node: yaml.Node, path: KeyPath) -> JsonValue:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Fault(_at(node, path, f"expands to more than {MAX_NODES} values; do not nest aliases"))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self.open:
            raise _Fault(_at(node, path, "an alias must not contain itself"))
        self.open.add(id(node))
        value = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        self.open.discard(id(node))
        return value

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> JsonValue:
        self._check_tag(node, path, "map")
        value: dict[str, JsonValue] = {}
        first_line: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(_at(key_node, path, "a key must be a plain name"))
                continue
            key = str(key_node.value)
            if key in first_line:
                message = f"given twice, first in line {first_line[key]}; keep one"
                self.problems.append(Problem(message, dotted((*path, key)), line))
                continue
            if key == "<<":
                self.problems.append(_at(key_node, path, "merge keys (<<) are not YAML 1.2; write the keys out"))
                continue
            first_line[key] = self.lines[*path, key] = line
            value[key] = self.value(value_node, (*path, key))
        return value

    def _sequence(self, node: yaml.Node, path: KeyPath) -> JsonValue:
        self._check_tag(node, path, "seq")
        items: list[JsonValue] = []
        for place, item in enumerate(node.value):
            self.lines[*path, place] = item.start_mark.line + 1
            items.append(self.value(item, (*path, place)))
        return items

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> JsonValue:
        kind = node.tag.removeprefix(_TAG)
        if kind in _SCALARS:
            pattern, construct = _SCALARS[kind]
            if not pattern.match(node.value):
                self.problems.append(_at(node, path, f"{node.value!r} is not of the type {kind}"))
                return None
            try:
                return construct(node.value)
            except ValueError:  # Python reads no integer of over 4,300 digits
                self.problems.append(_at(node, path, "has too many digits"))
                return None
        self._check_tag(node, path, "str")
        return str(node.value)

    def _check_tag(self, node: yaml.Node, path: KeyPath, expected: str) -> None:
        if node.tag not in {_TAG + expected, "!"}:
            shown = node.tag.replace(_TAG, "!!")
            self.problems.append(_at(node, path, f"the tag {shown} is not allowed here; remove it"))


def dotted(path: KeyPath) -> str:
    """Returns a path as text, such as `studies[0].parameters[1].low`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(source: Path) -> YamlSource:
    """Reads a YAML file.

    Raises:
        InputError: The file cannot be read.
        SpecError: The file is not valid YAML; it has the line and the key of each fault.
    """
    return parse_yaml(_text_of(source), str(source))


def parse_yaml(text: str, name: str) -> YamlSource:
    """Parses a YAML text. Messages show `name` as the file; `SpecError` has the line and the key of each fault."""
    construction = _Construction()
    try:
        node = yaml.compose(text, Loader=_Loader)
        value = None if node is None else construction.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = ": ".join(part for part in ("not valid YAML", error.context, error.problem) if part)
        if mark is not None:
            message += _about_quotes(text.splitlines(), mark.line)
        raise SpecError(name, (Problem(message, line=None if mark is None else mark.line + 1),)) from None
    except yaml.YAMLError as error:
        raise SpecError(name, (Problem(f"not valid YAML: {' '.join(str(error).split())}"),)) from None
    except RecursionError:
        raise SpecError(name, (Problem("nested too deeply"),)) from None
    except _Fault as fault:
        raise SpecError(name, (*construction.problems, fault.problem)) from None
    if construction.problems:
        raise SpecError(name, tuple(construction.problems))
    return YamlSource(name, value, construction.lines)


def _about_quotes(lines: Sequence[str], line: int) -> str:
    """Returns advice for `score: "a/b" - 1`, whose value ends at the second quote, and for braces in a text."""
    if line < len(lines) and _BRACES_IN_BRACES.search(lines[line]):
        return '; put a text with braces in quotes, as in {command: "python train.py {params}"}'
    match = _GOES_ON_AFTER_QUOTES.match(lines[line]) if line < len(lines) else None
    if match is None:
        return ""
    around = '"' if match["quote"] == "'" else "'"
    value = match["value"].strip().replace("'", "''") if around == "'" else match["value"].strip()
    return (
        f"; a value that begins with a quote ends at the next one, so put all of it in quotes: {around}{value}{around}"
    )


def _text_of(source: Path) -> str:
    try:
        with source.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{source}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise SpecError(str(source), (Problem("is larger than 1 MB, the largest size of a spec"),))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError(str(source), (Problem("is not UTF-8 text", line=line),)) from None


def _at(node: yaml.Node, path: KeyPath, message: str) -> Problem:
    return Problem(message, dotted(path), node.start_mark.line + 1)
