"""What may differ from lane to lane, as tensors [lane], and the learning rate's schedule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.spec.algorithm_config import AlgorithmConfig
from fxai.spec.ppo_config import PpoConfig


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """PPO's numbers for each lane, float32 [lane]; a limit that is not set is infinite."""

    gamma: Tensor
    gae_lambda: Tensor
    clip_epsilon: Tensor
    value_clip_epsilon: Tensor
    entropy_coef: Tensor
    value_coef: Tensor
    max_grad_norm: Tensor
    target_kl: Tensor
    normalize_advantage: Tensor  # bool

    @classmethod
    def of(cls, configs: Sequence[PpoConfig], device: torch.device) -> "Hyperparameters":
        def numbers(values: list[float]) -> Tensor:
            return torch.tensor(values, dtype=torch.float32, device=device)

        return cls(
            gamma=numbers([c.gamma for c in configs]),
            gae_lambda=numbers([c.gae_lambda for c in configs]),
            clip_epsilon=numbers([c.clip_epsilon for c in configs]),
            value_clip_epsilon=numbers([c.value_clip_epsilon or math.inf for c in configs]),
            entropy_coef=numbers([c.entropy_coef for c in configs]),
            value_coef=numbers([c.value_coef for c in configs]),
            max_grad_norm=numbers([c.max_grad_norm for c in configs]),
            target_kl=numbers([c.target_kl or math.inf for c in configs]),
            normalize_advantage=torch.tensor([c.normalize_advantage for c in configs], device=device),
        )


def learning_rate(config: AlgorithmConfig, update: int) -> float:
    """The rate of an update, counted from 0; linear and cosine schedules would reach 0 at `total_updates`."""
    done = update / config.total_updates
    match config.lr_schedule:
        case "constant":
            return config.learning_rate
        case "linear":
            return config.learning_rate * (1 - done)
        case "cosine":
            return config.learning_rate * (1 + math.cos(math.pi * done)) / 2
