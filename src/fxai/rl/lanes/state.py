"""Named tensors of a part within those of a whole: what checkpoints hold."""

from collections.abc import Mapping

from torch import Tensor


def prefixed(prefix: str, part: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in part.items()}


def below(prefix: str, whole: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in whole.items() if name.startswith(prefix)}
