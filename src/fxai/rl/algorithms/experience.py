"""Collects the samples of an actor-critic: roll-outs, and advantages by the critic."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fxai.rl.algorithms import categorical
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.algorithms.samples import Samples, to_samples
from fxai.rl.networks.dropout import Dropout
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.ppo_config import PpoConfig


class Experience:
    """Roll-outs of all lanes with advantages by each lane's discount and lambda."""

    def __init__(
        self,
        configs: Sequence[PpoConfig | A2cConfig],
        policy: ActorCritic,
        collector: Collector,
        dropout: Dropout,
    ) -> None:
        self._policy, self._collector, self._dropout = policy, collector, dropout
        self._steps = configs[0].steps_per_rollout
        device = dropout.seeds.device
        self._gamma = lane_numbers(configs, lambda c: c.gamma, device)
        self._gae_lambda = lane_numbers(configs, lambda c: c.gae_lambda, device)
        self._normalize = torch.tensor([c.normalize_advantage for c in configs], device=device)

    def gather(self, weights: Tensor, clock: Tensor) -> Samples:
        """Samples of one roll-out with these weights; `clock` [lane] int64 is the number of earlier roll-outs."""

        def preferences_of(observation: Tensor, number: Tensor) -> Tensor:
            return self._policy.preferences(weights, observation, self._dropout.keep(number))

        rollout = self._collector.collect(preferences_of, categorical.sample, steps=self._steps, clock=clock)
        return to_samples(
            self._policy, weights, rollout, gamma=self._gamma, gae_lambda=self._gae_lambda, normalize=self._normalize
        )

    def state(self) -> dict[str, Tensor]:
        """State of the environments, each [lane, ...]."""
        return self._collector.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self._collector.restore(state)
