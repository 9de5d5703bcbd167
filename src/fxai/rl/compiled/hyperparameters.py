"""Hyperparameters of a pack's configurations as arrays [lane]."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.lanes.counter_draws import Purpose, stream_keys
from fxai.spec.fields.training_config import TrainingConfig

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class DropoutStreams:
    """Dropout of each lane."""

    rates: Array  # [lane] float32
    masks: Array  # keys of the streams of masks, [lane] int64

    @classmethod
    def of(cls, configs: Sequence[TrainingConfig], seeds: Array) -> "DropoutStreams":
        rates = np.array([config.model.dropout for config in configs], np.float32)
        return cls(rates, stream_keys(seeds, Purpose.DROPOUT))


def lane_array(configs: Sequence[C], number: Callable[[C], float | None]) -> Array:
    """A float32 array [lane] of one hyperparameter of each configuration; None becomes infinity."""
    values = [number(config) for config in configs]
    return np.array([math.inf if value is None else value for value in values], np.float32)
