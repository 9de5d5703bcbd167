"""Prefixes for the names of state tensors, as checkpoints store them."""

from collections.abc import Mapping

from torch import Tensor


def prefixed(prefix: str, part: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with the prefix added to their names."""
    return {prefix + name: tensor for name, tensor in part.items()}


def without_prefix(prefix: str, whole: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names have the prefix, with the prefix removed."""
    return {name.removeprefix(prefix): tensor for name, tensor in whole.items() if name.startswith(prefix)}
