"""The learning rate schedule."""

import math

from fxai.spec.fields.algorithm_config import AlgorithmConfig


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
