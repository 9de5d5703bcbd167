"""Hyperparameters of a pack's configurations as tensors [lane]."""

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
