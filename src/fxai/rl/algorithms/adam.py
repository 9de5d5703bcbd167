"""Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1) with its own rate, norm limit and clock per lane."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.kernels import adam_step, runs_on_kernels
from fxai.rl.networks.row_sums import whole_portions

_BETA_1 = 0.9
_BETA_2 = 0.999
_EPSILON = 1e-5  # larger than Adam's own, as in PPO's reference code (Huang et al. 2022, "The 37 details", no. 3)


@dataclass(frozen=True, slots=True)
class Pace:
    """How far one step goes, each [lane, 1]; a lane that is not active goes nowhere."""

    mean_share: Tensor  # of the gradient in the new mean
    square_share: Tensor
    size: Tensor  # the rate, corrected for the moments' short memory
    epsilon: Tensor  # likewise
    moving: Tensor | None  # bool; None where all lanes are


@dataclass(frozen=True, slots=True)
class LaneAdam:
    """Moments of weights [lane, size]. A lane that is not active keeps weights and moments as they are."""

    mean: Tensor
    square: Tensor
    powers: Tensor  # [lane, 2] float64: of the betas, as running products; torch's own power rounds by position
    betas: Tensor
    scratch: Tensor

    @classmethod
    def of(cls, weights: Tensor) -> "LaneAdam":
        return cls(
            mean=torch.zeros_like(weights),
            square=torch.zeros_like(weights),
            powers=torch.ones(len(weights), 2, dtype=torch.float64, device=weights.device),
            betas=torch.tensor([_BETA_1, _BETA_2], dtype=torch.float64, device=weights.device),
            scratch=torch.empty_like(weights),
        )

    def first(self, lanes: int) -> "LaneAdam":
        """The same moments, of the first lanes only."""
        return LaneAdam(self.mean[:lanes], self.square[:lanes], self.powers[:lanes], self.betas, self.scratch[:lanes])

    def paces(self, rate: Tensor, active: Tensor | None, steps: int) -> list[Pace]:
        """What the next steps need, for rates [lane] and a mask [lane] bool that hold over all of them.

        Without a mask all lanes are active.
        All steps of an epoch are prepared at once, since a dozen operations on [lane] numbers take as long
        as one on the weights. The bias correction is applied to rate and epsilon instead of the moments
        (the paper, end of section 2), which saves two passes over all weights.
        """
        moving = None if active is None else active.unsqueeze(1)
        betas = self.betas.expand_as(self.powers) if moving is None else torch.where(moving, self.betas, 1.0)
        factors = betas.expand(steps, -1, -1)
        powers = torch.cat([self.powers.unsqueeze(0), factors]).cumprod(0)[1:]  # one product after the other
        self.powers.copy_(powers[-1])
        remaining = (1 - powers).clamp_min_(torch.finfo(torch.float32).tiny)  # 0 before a first step
        root = remaining[..., 1:].sqrt()
        kind = self.mean.dtype
        weight = torch.ones_like(rate, dtype=kind).unsqueeze(1) if moving is None else moving.to(kind)
        size = (root * rate.unsqueeze(1) / remaining[..., :1]).to(kind) * weight
        epsilon = (_EPSILON * root).to(kind)
        shares = weight * (1 - _BETA_1), weight * (1 - _BETA_2)
        return [Pace(*shares, *each, moving) for each in zip(size.unbind(0), epsilon.unbind(0), strict=True)]

    def step(self, weights: Tensor, gradient: Tensor, shrink: Tensor, pace: Pace) -> None:
        """Change `weights` [lane, size] in place by `gradient` times `shrink` [lane]; each pace is for one step.

        The gradient may be changed too. Of a lane that does not move it may be anything, NaN too.
        """
        if runs_on_kernels(weights):
            tensors = weights, self.mean, self.square, gradient, shrink
            factors = pace.mean_share, pace.square_share, pace.size, pace.epsilon
            adam_step(*(tensor.numpy() for tensor in (*tensors, *factors)))
            return
        gradient = gradient.mul_(shrink.unsqueeze(1))
        if pace.moving is not None:  # a step of length 0 times infinity would be NaN
            gradient = torch.where(pace.moving, gradient, 0.0)
        self.mean.lerp_(gradient, pace.mean_share)
        self.square.lerp_(torch.mul(gradient, gradient, out=self.scratch), pace.square_share)
        torch.sqrt(self.square, out=self.scratch).add_(pace.epsilon)
        weights.sub_(torch.div(self.mean, self.scratch, out=self.scratch).mul_(pace.size))

    def state(self) -> dict[str, Tensor]:
        return {"mean": self.mean, "square": self.square, "powers": self.powers}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.mean.copy_(state["mean"])
        self.square.copy_(state["square"])
        self.powers.copy_(state["powers"])


def norm_and_shrink(gradient: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """The norm of each lane of `gradient` [lane, size], and the factor that shortens it to `limit`; each [lane]."""
    norm: Tensor = torch.linalg.vector_norm(whole_portions(gradient), dim=1)
    return norm, (limit / (norm + 1e-6)).clamp(max=1.0)
