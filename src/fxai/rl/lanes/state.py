"""Prefixes for the names of state arrays and tensors, as checkpoints store them."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def prefixed(prefix: str, part: Mapping[str, T]) -> dict[str, T]:
    """The values with the prefix added to their names."""
    return {prefix + name: value for name, value in part.items()}


def without_prefix(prefix: str, whole: Mapping[str, T]) -> dict[str, T]:
    """The values whose names have the prefix, with the prefix removed."""
    return {name.removeprefix(prefix): value for name, value in whole.items() if name.startswith(prefix)}
