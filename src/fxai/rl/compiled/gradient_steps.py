"""The gradient steps of one update of PPO or A2C on arrays, by compiled loops."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.compiled.hyperparameters import DropoutStreams, lane_array
from fxai.rl.kernels import (
    A2C_STATISTICS,
    KL_TOLERANCE,
    PPO_STATISTICS,
    A2cNumbers,
    AdamArrays,
    PpoNumbers,
    PpoStreams,
    SampleArrays,
    a2c_step,
    ppo_steps,
)
from fxai.rl.lanes.counter_draws import Purpose, stream_keys
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.ppo_config import PpoConfig


class GradientSteps(Protocol):
    """The gradient steps of all lanes on the samples of a roll-out."""

    @property
    def statistics(self) -> tuple[str, ...]:
        """Names of the statistics that a call returns."""
        ...

    def __call__(self, weights: Array, adam: AdamArrays, samples: SampleArrays, clock: Array, rate: Array, /) -> Array:
        """Take the steps, in place on weights and moments.

        Args:
            weights: [lane, 2 * size].
            adam: Moments.
            samples: Each [lane, sample, ...].
            clock: Number of earlier updates, [lane] int64.
            rate: Learning rates [lane] float32.

        Returns:
            Statistics [lane, statistic].
        """
        ...


class PpoGradientSteps:
    """Several epochs of minibatch steps; see `rl/algorithms/ppo.py`."""

    statistics = PPO_STATISTICS

    def __init__(self, configs: Sequence[PpoConfig], seeds: Array, dropout: DropoutStreams, widths: Array) -> None:
        self._batch_size, self._widths, self._masks = configs[0].batch_size, widths, dropout.masks
        self._shuffles = stream_keys(seeds, Purpose.MINIBATCH)
        self._numbers = PpoNumbers(
            rate=np.empty(0),
            epochs=np.array([config.n_epochs for config in configs]),
            clip_epsilon=lane_array(configs, lambda c: c.clip_epsilon),
            value_clip_epsilon=lane_array(configs, lambda c: c.value_clip_epsilon),
            entropy_coef=lane_array(configs, lambda c: c.entropy_coef),
            value_coef=lane_array(configs, lambda c: c.value_coef),
            max_grad_norm=lane_array(configs, lambda c: c.max_grad_norm),
            largest_kl=np.float32(KL_TOLERANCE) * lane_array(configs, lambda c: c.target_kl),
            dropout=dropout.rates,
        )

    def __call__(self, weights: Array, adam: AdamArrays, samples: SampleArrays, clock: Array, rate: Array) -> Array:
        statistics = np.empty((len(weights), len(self.statistics)), weights.dtype)
        numbers = self._numbers._replace(rate=rate)
        streams = PpoStreams(self._masks, self._shuffles, clock * numbers.epochs)
        ppo_steps(weights, adam, samples, numbers, streams, self._batch_size, self._widths, statistics)
        return statistics


class A2cGradientSteps:
    """One step on all samples; see `rl/algorithms/a2c.py`."""

    statistics = A2C_STATISTICS

    def __init__(self, configs: Sequence[A2cConfig], dropout: DropoutStreams, widths: Array) -> None:
        self._widths = widths
        self._numbers = A2cNumbers(
            rate=np.empty(0),
            entropy_coef=lane_array(configs, lambda c: c.entropy_coef),
            value_coef=lane_array(configs, lambda c: c.value_coef),
            max_grad_norm=lane_array(configs, lambda c: c.max_grad_norm),
            dropout=dropout.rates,
            mask_stream=dropout.masks,
        )

    def __call__(self, weights: Array, adam: AdamArrays, samples: SampleArrays, _clock: Array, rate: Array) -> Array:
        statistics = np.empty((len(weights), len(self.statistics)), weights.dtype)
        a2c_step(weights, adam, samples, self._numbers._replace(rate=rate), self._widths, statistics)
        return statistics
