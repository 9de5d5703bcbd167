"""Numbers of the lanes' configurations as tensors."""

from collections.abc import Sequence

import torch
from torch import Tensor


def per_lane(values: Sequence[float], like: Tensor) -> Tensor:
    """Returns one number per lane as [lane, 1], to broadcast over environments."""
    return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None]
