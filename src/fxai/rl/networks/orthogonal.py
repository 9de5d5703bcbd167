"""Orthogonal initial weights (Saxe et al. 2014, arXiv 1312.6120, section 3) of many matrices at once."""

import torch
from torch import Tensor


def orthogonal(gaussian: Tensor, gain: float) -> Tensor:
    """Matrices [net, rows, cols] of `gain` times orthonormal rows or columns, from standard normal numbers."""
    tall = gaussian if gaussian.shape[1] >= gaussian.shape[2] else gaussian.mT
    q, r = torch.linalg.qr(tall)
    q = q * r.diagonal(dim1=1, dim2=2).sign().unsqueeze(1)  # without the signs q is not uniformly distributed
    weights: Tensor = gain * (q if tall is gaussian else q.mT)
    return weights
