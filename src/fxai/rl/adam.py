"""Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1) with its own rate, norm limit and clock per lane."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

_BETA_1 = 0.9
_BETA_2 = 0.999
_EPSILON = 1e-5  # larger than Adam's own, as in PPO's reference code (Huang et al. 2022, "The 37 details", no. 3)


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

    def step(self, weights: Tensor, gradient: Tensor, rate: Tensor, active: Tensor) -> None:
        """Change `weights` [lane, size] in place by `gradient` at `rate` [lane] where `active` [lane] bool.

        The bias correction is applied to rate and epsilon instead of the moments (the paper, end of
        section 2), which saves two passes over all weights.
        """
        self.powers.mul_(torch.where(active.unsqueeze(1), self.betas, 1.0))
        remaining = (1 - self.powers).clamp_min_(torch.finfo(torch.float32).tiny)  # 0 before a first step
        first, root = remaining[:, :1], remaining[:, 1:].sqrt()
        moving = active.to(weights.dtype).unsqueeze(1)
        pace = (root * rate.unsqueeze(1) / first).to(weights.dtype) * moving
        self.mean.lerp_(gradient, moving * (1 - _BETA_1))
        self.square.lerp_(torch.mul(gradient, gradient, out=self.scratch), moving * (1 - _BETA_2))
        torch.sqrt(self.square, out=self.scratch).add_((_EPSILON * root).to(weights.dtype))
        weights.sub_(torch.div(self.mean, self.scratch, out=self.scratch).mul_(pace))

    def state(self) -> dict[str, Tensor]:
        return {"mean": self.mean, "square": self.square, "powers": self.powers}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.mean.copy_(state["mean"])
        self.square.copy_(state["square"])
        self.powers.copy_(state["powers"])


def clip_by_norm(gradient: Tensor, limit: Tensor) -> Tensor:
    """Scale each lane of `gradient` [lane, size] in place to a norm of at most `limit` [lane]; norms before it."""
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=1)
    gradient.mul_((limit / (norm + 1e-6)).clamp(max=1.0).unsqueeze(1))
    return norm
