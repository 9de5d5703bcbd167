"""Faults of values by their paths in the tree, and their messages from pydantic's errors."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from fxai.errors import Problem
from fxai.spec.fields.algorithm import algorithm_of, unknown_algorithm
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.class_names import SHORT_NAMES
from fxai.spec.yaml.yaml_source import KeyPath, dotted

_SHOWN = 60
_NOTHING = object()
_NOTHING_ELSEWHERE = ("None", "none", "nil")  # null in other languages, but texts in YAML


class Finding(NamedTuple):
    """One fault, without its file and line."""

    path: KeyPath
    message: str


def as_problems(findings: Iterable[Finding]) -> tuple[Problem, ...]:
    """Returns the faults as problems without lines, for values that are not from a file."""
    return tuple(Problem(finding.message, dotted(finding.path)) for finding in findings)


def findings_of(error: ValidationError, tree: JsonValue) -> list[Finding]:
    """Returns one fault per value. The messages of all members of a union are joined."""
    messages: dict[KeyPath, list[str]] = {}
    for details in error.errors(include_url=False):
        if details["type"] == "extra_forbidden":  # `check_keys` reports it with the most similar key
            continue
        if details["type"] == "too_short" and details["input"]:  # the faults of its items are reported
            continue
        path = _path_in(tree, details)
        if _names_no_algorithm(details):
            path = (*path, "algorithm")
        message = message_of(details)
        if message not in messages.setdefault(path, []):
            messages[path].append(message)
    return [Finding(path, ", or ".join(texts)) for path, texts in messages.items()]


def message_of(details: ErrorDetails) -> str:
    """Returns the message of a pydantic error, to follow the key."""
    context = details.get("ctx", {})
    given = _shown(details["input"])
    match details["type"]:
        case "missing":
            message = "is required"
        case "union_tag_invalid":
            message = _unknown_member(details)
        case "union_tag_not_found":
            message = "needs the key type, the name of a class"
        case "value_error":
            message = str(context["error"])
        case "model_type" | "dict_type" | "model_attributes_type":
            message = f"must be a mapping, not {given}"
        case "tuple_type":
            message = f"must be a list, not {given}"
        case "float_type" | "float_parsing":
            message = f"must be a number, not {given}"
        case "int_type" | "int_parsing" | "int_from_float":
            message = f"must be a whole number, not {given}"
        case "too_short":
            message = f"must have at least {context['min_length']}"
        case _:
            message = details["msg"].replace("Input should be", "must be").replace("String should have", "must have")
            message = f"{message}, not {given}"
    return f"{message}; write null for no value" if details["input"] in _NOTHING_ELSEWHERE else message


def _names_no_algorithm(details: ErrorDetails) -> bool:
    return details["type"] == "union_tag_invalid" and details["ctx"]["discriminator"] == f"{algorithm_of.__name__}()"


def _unknown_member(details: ErrorDetails) -> str:
    if _names_no_algorithm(details):
        return unknown_algorithm(details["input"]["algorithm"])
    tag = details["ctx"]["tag"]
    known = [name.strip().strip("'") for name in details["ctx"]["expected_tags"].split(",")]
    short = [each for names in SHORT_NAMES.values() for each, name in names.items() if name in known]
    return f"unknown type {tag!r}{did_you_mean(tag, [*known, *short]) or '.'} Known: {', '.join(known)}"


def _shown(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _child(node: JsonValue, part: str | int) -> Any:
    if isinstance(node, dict) and isinstance(part, str):
        return node.get(part, _NOTHING)
    if isinstance(node, list | tuple) and isinstance(part, int) and part < len(node):
        return node[part]
    return _NOTHING


def _path_in(tree: JsonValue, details: ErrorDetails) -> KeyPath:
    """Returns pydantic's location of an error without the tags and type names that pydantic adds for unions."""
    path: list[str | int] = []
    node = tree
    for part in details["loc"]:
        child = _child(node, part)
        if child is not _NOTHING:
            node = child
        elif details["type"] != "missing" or part != details["loc"][-1]:
            continue
        path.append(part)
    return tuple(path)
