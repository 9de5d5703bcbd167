"""Orthogonal initial weights as tensors."""

import torch
from torch import Tensor

from fxai.rl.networks.orthogonal import orthogonal


def orthogonal_tensor(gaussian: Tensor, gain: float) -> Tensor:
    """The weights of `orthogonal`, on the host."""
    return torch.from_numpy(orthogonal(gaussian.numpy(), gain))
