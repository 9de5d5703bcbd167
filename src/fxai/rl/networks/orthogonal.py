"""Orthogonal initial weights (Saxe et al. 2014, arXiv 1312.6120, section 3) of many matrices at once."""

from typing import Final

import numpy as np

from fxai.market.rules.compiled import Array

ACTOR_HEAD_GAIN: Final = 0.01  # nearly uniform initial policy (Andrychowicz et al. 2021, arXiv 2006.05990, section 3.2)
CRITIC_HEAD_GAIN: Final = 1.0


def orthogonal(gaussian: Array, gain: float) -> Array:
    """Matrices [net, rows, cols] of `gain` times orthonormal rows or columns, from standard normal numbers."""
    tall = gaussian if gaussian.shape[1] >= gaussian.shape[2] else gaussian.swapaxes(1, 2)
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None]  # without the signs q is not uniformly distributed
    weights: Array = (gain * (q if tall is gaussian else q.swapaxes(1, 2))).astype(gaussian.dtype)
    return weights
