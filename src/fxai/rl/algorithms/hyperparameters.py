"""Hyperparameters of a pack's configurations as tensors [lane], and the learning rate schedule."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from fxai.spec.fields.algorithm_config import AlgorithmConfig

C = TypeVar("C", bound=AlgorithmConfig)


def lane_numbers(configs: Sequence[C], number: Callable[[C], float | None], device: torch.device) -> Tensor:
    """A float32 tensor [lane] of one hyperparameter of each configuration; None becomes infinity."""
    values = [number(config) for config in configs]
    return torch.tensor([math.inf if value is None else value for value in values], dtype=torch.float32, device=device)


def learning_rate(config: AlgorithmConfig, update: int) -> float:
    """Learning rate of an update, counted from 0. Linear and cosine schedules reach 0 at `total_updates`."""
    done = update / config.total_updates
    match config.lr_schedule:
        case "constant":
            return config.learning_rate
        case "linear":
            return config.learning_rate * (1 - done)
        case "cosine":
            return config.learning_rate * (1 + math.cos(math.pi * done)) / 2
