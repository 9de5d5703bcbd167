"""Target positions that the lanes allow, and steps along the list of positions, as torch operations for GPUs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fxai.rl.environment.per_lane import per_lane
from fxai.spec.fields.env_config import EnvConfig


def least_target(configs: Sequence[EnvConfig], like: Tensor) -> Tensor | None:
    """Returns the lowest position of each lane [lane, 1]; None if all lanes allow all short positions."""
    if all(config.allow_short and config.leverage is None for config in configs):
        return None
    return per_lane([max(-1.0, -config.largest_target) if config.allow_short else 0.0 for config in configs], like)


def largest_target(configs: Sequence[EnvConfig], like: Tensor) -> Tensor | None:
    """Returns the largest position of each lane [lane, 1]; None without margin."""
    if all(config.leverage is None for config in configs):
        return None
    return per_lane([config.largest_target for config in configs], like)


def one_step(step: Tensor, targets: Tensor, position: Tensor) -> Tensor:
    """Returns the next target positions above (step 1) or below (-1) positions; see `rules.one_step`.

    Args:
        step: -1, 0 or 1, [lane, env].
        targets: Target positions in increasing order, [position].
        position: The present positions, [lane, env].
    """
    above = torch.bucketize(position, targets, right=True)  # index of the next one above
    below = torch.bucketize(position, targets) - 1
    place = torch.where(step > 0, above, below)
    exists = (step != 0) & (place >= 0) & (place < len(targets))
    return torch.where(exists, targets[place.clamp(0, len(targets) - 1)], position)
