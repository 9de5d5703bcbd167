"""Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1) with its own rate, norm limit and clock per lane."""

import torch
from torch import Tensor

_BETA_1 = 0.9
_BETA_2 = 0.999
_EPSILON = 1e-5  # larger than Adam's own, as in PPO's reference code (Huang et al. 2022, "The 37 details", no. 3)


class LaneAdam:
    """Moments of weights [lane, size]. A lane that is not active keeps weights and moments as they are."""

    def __init__(self, weights: Tensor) -> None:
        self._mean = torch.zeros_like(weights)
        self._square = torch.zeros_like(weights)
        # Powers of the betas as running products: torch's own power rounds by the position in the tensor.
        self._powers = torch.ones(len(weights), 2, dtype=torch.float64, device=weights.device)
        self._betas = torch.tensor([_BETA_1, _BETA_2], dtype=torch.float64, device=weights.device)

    def step(self, weights: Tensor, gradient: Tensor, rate: Tensor, active: Tensor) -> None:
        """Change `weights` in place by `gradient` [lane, size] at `rate` [lane] where `active` [lane] bool."""
        self._powers *= torch.where(active.unsqueeze(1), self._betas, 1.0)
        correction = (1 - self._powers).float().clamp_min(torch.finfo(torch.float32).tiny)  # 0 before a first step
        moving = active.float().unsqueeze(1)
        self._mean.lerp_(gradient, moving * (1 - _BETA_1))
        self._square.lerp_(gradient.square(), moving * (1 - _BETA_2))
        scale = (self._square / correction[:, 1:]).sqrt_().add_(_EPSILON)
        weights.sub_((self._mean * (moving * rate.unsqueeze(1) / correction[:, :1])).div_(scale))

    def state(self) -> dict[str, Tensor]:
        return {"mean": self._mean, "square": self._square, "powers": self._powers}

    def restore(self, state: dict[str, Tensor]) -> None:
        self._mean.copy_(state["mean"])
        self._square.copy_(state["square"])
        self._powers.copy_(state["powers"])


def clip_by_norm(gradient: Tensor, limit: Tensor) -> Tensor:
    """Scale each lane of `gradient` [lane, size] in place to a norm of at most `limit` [lane]; norms before it."""
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=1)
    gradient.mul_((limit / (norm + 1e-6)).clamp(max=1.0).unsqueeze(1))
    return norm
