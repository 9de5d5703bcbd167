"""Adam with a learning rate, gradient norm limit and step count per lane.

Source: Kingma and Ba 2015, arXiv 1412.6980, algorithm 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fxai.rl.kernels import BETAS, EPSILON, AdamArrays, adam_step
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.networks.row_sums import padded_rows


@dataclass(frozen=True, slots=True)
class StepFactors:
    """Factors of one Adam step, each [lane, 1]; `size` and both shares are 0 for a lane that is not active."""

    mean_share: Tensor  # 1 - beta_1: weight of the gradient in the new first moment
    square_share: Tensor  # 1 - beta_2: weight of the squared gradient in the new second moment
    size: Tensor  # learning rate with the bias correction
    epsilon: Tensor  # with the bias correction
    active_lanes: Tensor | None  # bool; None: all lanes


@dataclass(frozen=True, slots=True)
class LaneAdam:
    """First and second moments of weights [lane, size]. Weights and moments of inactive lanes do not change."""

    mean: Tensor
    square: Tensor
    powers: Tensor  # [lane, 2] float64: beta^step as running products, since rounding of torch.pow depends on position
    betas: Tensor
    scratch: Tensor
    epsilon: float

    @classmethod
    def of(cls, weights: Tensor, epsilon: float | None = None) -> "LaneAdam":
        """Moments of zero for `weights`; `epsilon` is PPO's unless it is given."""
        return cls(
            mean=torch.zeros_like(weights),
            square=torch.zeros_like(weights),
            powers=torch.ones(len(weights), 2, dtype=torch.float64, device=weights.device),
            betas=torch.tensor(BETAS, dtype=torch.float64, device=weights.device),
            scratch=torch.empty_like(weights),
            epsilon=EPSILON if epsilon is None else epsilon,
        )

    def first(self, lanes: int) -> "LaneAdam":
        """View of the moments of the first `lanes` lanes."""
        moments = self.mean[:lanes], self.square[:lanes], self.powers[:lanes]
        return LaneAdam(*moments, self.betas, self.scratch[:lanes], self.epsilon)

    def step_factors(self, rate: Tensor, active: Tensor | None, steps: int) -> list[StepFactors]:
        """Factors of the next `steps` steps; updates the powers of beta.

        All steps of an epoch are computed at once, because a dozen operations on [lane] numbers take as long as one
        operation on the weights. The bias correction is applied to rate and epsilon instead of the moments (the paper,
        end of section 2), which saves two passes over all weights.

        Args:
            rate: Learning rates [lane], constant over the steps.
            active: Mask [lane] bool, constant over the steps; None: all lanes.
            steps: Number of steps.
        """
        active_lanes = None if active is None else active.unsqueeze(1)
        betas = (
            self.betas.expand_as(self.powers) if active_lanes is None else torch.where(active_lanes, self.betas, 1.0)
        )
        kernel_factors = betas.expand(steps, -1, -1)
        powers = torch.cat([self.powers.unsqueeze(0), kernel_factors]).cumprod(0)[1:]  # sequential products
        self.powers.copy_(powers[-1])
        remaining = (1 - powers).clamp_min_(
            torch.finfo(torch.float32).tiny
        )  # avoids division by 0 before the first step
        root = remaining[..., 1:].sqrt()
        kind = self.mean.dtype
        weight = torch.ones_like(rate, dtype=kind).unsqueeze(1) if active_lanes is None else active_lanes.to(kind)
        size = (root * rate.unsqueeze(1) / remaining[..., :1]).to(kind) * weight
        epsilon = (self.epsilon * root).to(kind)
        shares = weight * (1 - BETAS[0]), weight * (1 - BETAS[1])
        return [
            StepFactors(*shares, *each, active_lanes) for each in zip(size.unbind(0), epsilon.unbind(0), strict=True)
        ]

    def arrays(self) -> AdamArrays:
        """The state and the constants, for loops that take whole steps."""
        constants = np.array([*BETAS, self.epsilon])
        return AdamArrays(self.mean.numpy(), self.square.numpy(), self.powers.numpy(), constants)

    def step(self, weights: Tensor, gradient: Tensor, clip_factor: Tensor, step_factors: StepFactors) -> None:
        """Update `weights` [lane, size] in place, with `gradient` [lane, size] times `clip_factor` [lane].

        The gradient may be overwritten. The gradient of an inactive lane may be NaN.
        """
        if runs_on_kernels(weights):
            tensors = weights, self.mean, self.square, gradient, clip_factor
            kernel_factors = step_factors.mean_share, step_factors.square_share, step_factors.size, step_factors.epsilon
            adam_step(*(tensor.numpy() for tensor in (*tensors, *kernel_factors)))
            return
        gradient = gradient.mul_(clip_factor.unsqueeze(1))
        if step_factors.active_lanes is not None:  # 0 times infinity would be NaN
            gradient = torch.where(step_factors.active_lanes, gradient, 0.0)
        self.mean.lerp_(gradient, step_factors.mean_share)
        self.square.lerp_(torch.mul(gradient, gradient, out=self.scratch), step_factors.square_share)
        torch.sqrt(self.square, out=self.scratch).add_(step_factors.epsilon)
        weights.sub_(torch.div(self.mean, self.scratch, out=self.scratch).mul_(step_factors.size))

    def state(self) -> dict[str, Tensor]:
        return {"mean": self.mean, "square": self.square, "powers": self.powers}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.mean.copy_(state["mean"])
        self.square.copy_(state["square"])
        self.powers.copy_(state["powers"])


def norm_and_clip_factor(gradient: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """The norm [lane] of `gradient` [lane, size], and the factor [lane] that limits the norm to `limit` [lane]."""
    norm: Tensor = torch.linalg.vector_norm(padded_rows(gradient), dim=1)
    return norm, (limit / (norm + 1e-6)).clamp(max=1.0)
